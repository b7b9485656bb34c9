/* The order in which sessions are due: by time, then by key. Private to sessions*.c. */
#ifndef PFX_SESSION_ORDER_H
#define PFX_SESSION_ORDER_H

#include "pfx/sessions.h"

static inline bool pfx_session_before(const pfx_session_entry *left, const pfx_session_entry *right) {
    return left->time != right->time ? left->time < right->time : left->key < right->key;
}

void pfx_session_sort(pfx_session_entry *entries, int64_t count);

#endif
