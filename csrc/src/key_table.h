/* The slots of a key index, or the array that stands for them. Private to key_*.c. */
#ifndef PFX_KEY_TABLE_H
#define PFX_KEY_TABLE_H

#include "key_block.h"

/* Write the numbers of the block's rows from *done on, and how far it came: to the last one, or to where the slots did
 * not suffice. */
pfx_status pfx_key_table_map(pfx_key_index *index, uint32_t *ids, int64_t *done);

/* A table of at least twice as many slots as keys, filled with all of them. */
pfx_status pfx_key_table_make(pfx_key_index *index, int64_t keys);

/* More slots for the keys that there are. */
pfx_status pfx_key_table_grow(pfx_key_index *index);

/* Fill it anew, under another secret. What the block holds is worth nothing then. */
pfx_status pfx_key_table_change_secret(pfx_key_index *index);

void pfx_key_table_free(pfx_key_index *index);

/* As pfx_key_table_map, with the array; it stops where a word is too far outside of it, and the array is gone. */
pfx_status pfx_key_direct_map(pfx_key_index *index, uint32_t *ids, int64_t *done);

/* Make an array if the keys' words lie close enough for one; whether it was made. */
pfx_status pfx_key_direct_try(pfx_key_index *index, bool *made);

void pfx_key_direct_free(pfx_key_index *index);

#endif
