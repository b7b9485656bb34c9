#include "session_order.h"

/* Insertion for what one bucket has, heapsort for more. */
void pfx_session_sort(pfx_session_entry *entries, int64_t count) {
    if (count > 48) {
        for (int64_t start = count / 2, end = count; end > 1;) {
            if (start > 0) {
                start--;
            } else {
                pfx_session_entry last = entries[--end];
                entries[end] = entries[0];
                entries[0] = last;
            }
            pfx_session_entry moved = entries[start];
            int64_t at = start;
            for (int64_t child = at * 2 + 1; child < end; child = at * 2 + 1) {
                child += child + 1 < end && pfx_session_before(&entries[child], &entries[child + 1]);
                if (!pfx_session_before(&moved, &entries[child])) {
                    break;
                }
                entries[at] = entries[child];
                at = child;
            }
            entries[at] = moved;
        }
        return;
    }
    for (int64_t i = 1; i < count; i++) {
        pfx_session_entry entry = entries[i];
        int64_t at = i;
        for (; at > 0 && pfx_session_before(&entry, &entries[at - 1]); at--) {
            entries[at] = entries[at - 1];
        }
        entries[at] = entry;
    }
}
