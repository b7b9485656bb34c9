/* The sessions of one key in order of time: the last one at the head, where nearly every row belongs, and those before
 * it in a list that hangs on it, each on the one after it: `left` is the session before it, `parent` the one after it
 * (PFX_NO_SESSION of the head).
 * Private to sessions*.c.
 *
 * A list that a row would have to pass PFX_SESSION_STEPS sessions of becomes a search tree, and stays one until it is
 * empty. The tree is a treap (Seidel and Aragon 1996, "Randomized Search Trees"): no session has a greater rank than
 * the one above it, and ranks, a hash of their slots, are random to whoever sends the rows, so whatever the order in
 * which sessions come and go, the way to one is O(log n) long. A list is a tree of which nothing hangs on the right, so
 * that both are searched alike. Sessions are told apart by their starts, as they do not touch. */
#ifndef PFX_SESSION_TREE_H
#define PFX_SESSION_TREE_H

#include "pfx/sessions.h"

#define PFX_NO_SESSION UINT32_MAX
/* Beyond so many a search in a list makes a tree of it. */
#define PFX_SESSION_STEPS 32

/* Make a tree of the list that hangs on `head`. */
void pfx_session_plant(pfx_session *slots, uint32_t head, const pfx_key_secret *secret);

/* The last session that starts at `time` or before; PFX_NO_SESSION for none. */
static inline uint32_t pfx_session_at(pfx_session *slots, uint32_t head, int64_t time, const pfx_key_secret *secret) {
    if (head == PFX_NO_SESSION || slots[head].start <= time) {
        return head;
    }
    uint32_t found = PFX_NO_SESSION, slot = slots[head].left;
    for (int steps = 0; slot != PFX_NO_SESSION; steps++) {
        if (steps == PFX_SESSION_STEPS && !slots[head].planted) {
            pfx_session_plant(slots, head, secret);
            slot = slots[head].left;
            found = PFX_NO_SESSION;
        }
        bool starts = slots[slot].start <= time;
        found = starts ? slot : found;
        slot = starts ? slots[slot].right : slots[slot].left;
    }
    return found;
}

/* As below, but for what costs nothing. */
void pfx_session_link_one(pfx_session *slots, uint32_t *head, uint32_t slot, const pfx_key_secret *secret);
void pfx_session_unlink_one(pfx_session *slots, uint32_t *head, uint32_t slot, const pfx_key_secret *secret);

/* Add a session whose start is set. */
static inline void pfx_session_link(pfx_session *slots, uint32_t *head, uint32_t slot, const pfx_key_secret *secret) {
    slots[slot].left = slots[slot].right = slots[slot].parent = PFX_NO_SESSION;
    slots[slot].planted = 0;
    uint32_t last = *head;
    if (last != PFX_NO_SESSION && (slots[last].planted || slots[slot].start < slots[last].start)) {
        pfx_session_link_one(slots, head, slot, secret);
        return;
    }
    *head = slot;
    if (last != PFX_NO_SESSION) {
        slots[slot].left = last;
        slots[last].parent = slot;
    }
}

/* Add one that comes before all others, of which `later` is the first; PFX_NO_SESSION when there are none. To a list
 * that has been added to in no other way. */
static inline void pfx_session_append(pfx_session *slots, uint32_t *head, uint32_t slot, uint32_t later) {
    slots[slot].left = slots[slot].right = PFX_NO_SESSION;
    slots[slot].parent = later;
    slots[slot].planted = 0;
    *(later == PFX_NO_SESSION ? head : &slots[later].left) = slot;
}

/* Take one away that is there. */
static inline void pfx_session_unlink(pfx_session *slots, uint32_t *head, uint32_t slot, const pfx_key_secret *secret) {
    const pfx_session *session = &slots[slot];
    uint32_t parent = session->parent, left = session->left;
    bool is_head = parent == PFX_NO_SESSION;
    if (session->right != PFX_NO_SESSION ||
        (is_head ? session->planted && left != PFX_NO_SESSION : slots[parent].left != slot)) {
        pfx_session_unlink_one(slots, head, slot, secret);
        return;
    }
    *(is_head ? head : &slots[parent].left) = left;
    if (left != PFX_NO_SESSION) {
        slots[left].parent = parent;
    }
}

#endif
