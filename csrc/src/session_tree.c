#include "session_tree.h"

#define NONE PFX_NO_SESSION

static inline uint64_t rank_of(const pfx_key_secret *secret, uint32_t slot) {
    return pfx_key_hash_word(secret, slot);
}

static inline void hang(pfx_session *slots, uint32_t *link, uint32_t parent, uint32_t slot) {
    *link = slot;
    if (slot != NONE) {
        slots[slot].parent = parent;
    }
}

/* Into the tree at *link, a field of `parent`: below those of a higher rank, above all others. */
static void insert(pfx_session *slots, uint32_t *link, uint32_t parent, uint32_t slot, const pfx_key_secret *secret) {
    int64_t start = slots[slot].start;
    uint64_t rank = rank_of(secret, slot);
    while (*link != NONE && rank_of(secret, *link) >= rank) {
        parent = *link;
        link = slots[parent].start < start ? &slots[parent].right : &slots[parent].left;
    }
    /* What was here is parted in two: what starts before goes to the left, what starts after to the right. */
    uint32_t rest = *link, left = slot, right = slot;
    uint32_t *left_link = &slots[slot].left, *right_link = &slots[slot].right;
    hang(slots, link, parent, slot);
    while (rest != NONE) {
        if (slots[rest].start < start) {
            hang(slots, left_link, left, rest);
            left = rest;
            left_link = &slots[rest].right;
            rest = *left_link;
        } else {
            hang(slots, right_link, right, rest);
            right = rest;
            right_link = &slots[rest].left;
            rest = *right_link;
        }
    }
    *left_link = *right_link = NONE;
}

/* Put what hangs on a session in its place, *link of its parent. */
static void take_out(pfx_session *slots, uint32_t *link, uint32_t slot, const pfx_key_secret *secret) {
    uint32_t left = slots[slot].left, right = slots[slot].right, parent = slots[slot].parent;
    while (left != NONE && right != NONE) {
        if (rank_of(secret, left) >= rank_of(secret, right)) {
            hang(slots, link, parent, left);
            parent = left;
            link = &slots[left].right;
            left = *link;
        } else {
            hang(slots, link, parent, right);
            parent = right;
            link = &slots[right].left;
            right = *link;
        }
    }
    hang(slots, link, parent, left == NONE ? right : left);
}

void pfx_session_plant(pfx_session *slots, uint32_t head, const pfx_key_secret *secret) {
    uint32_t next = slots[head].left;
    slots[head].left = NONE;
    slots[head].planted = 1;
    while (next != NONE) {
        uint32_t slot = next;
        next = slots[slot].left;
        insert(slots, &slots[head].left, head, slot, secret);
    }
}

/* Into the list behind the last session; false when that would take too long. */
static bool insert_in_list(pfx_session *slots, uint32_t last, uint32_t slot) {
    uint32_t parent = last, *link = &slots[last].left;
    for (int steps = 0; *link != NONE && slots[*link].start > slots[slot].start; steps++) {
        if (steps == PFX_SESSION_STEPS) {
            return false;
        }
        parent = *link;
        link = &slots[parent].left;
    }
    hang(slots, &slots[slot].left, slot, *link);
    hang(slots, link, parent, slot);
    return true;
}

void pfx_session_link_one(pfx_session *slots, uint32_t *head, uint32_t slot, const pfx_key_secret *secret) {
    uint32_t last = *head;
    bool planted = slots[last].planted && slots[last].left != NONE;
    slots[last].planted = planted;
    if (slots[slot].start < slots[last].start) {
        if (planted || !insert_in_list(slots, last, slot)) {
            if (!planted) {
                pfx_session_plant(slots, last, secret);
            }
            insert(slots, &slots[last].left, last, slot, secret);
        }
        return;
    }
    *head = slot;
    if (!planted) {
        hang(slots, &slots[slot].left, slot, last);
        return;
    }
    slots[slot].planted = 1;
    hang(slots, &slots[slot].left, slot, slots[last].left);
    insert(slots, &slots[slot].left, slot, last, secret);
}

void pfx_session_unlink_one(pfx_session *slots, uint32_t *head, uint32_t slot, const pfx_key_secret *secret) {
    if (*head != slot) {
        pfx_session *parent = &slots[slots[slot].parent];
        take_out(slots, parent->left == slot ? &parent->left : &parent->right, slot, secret);
        return;
    }
    /* The last one of the others becomes the head. */
    uint32_t last = slots[slot].left;
    while (slots[last].right != NONE) {
        last = slots[last].right;
    }
    if (slots[slot].left != last) {
        hang(slots, &slots[slots[last].parent].right, slots[last].parent, slots[last].left);
        hang(slots, &slots[last].left, last, slots[slot].left);
    }
    slots[last].planted = slots[slot].planted;
    slots[last].parent = NONE;
    *head = last;
}
