/* XXH64, the 64-bit hash of Yann Collet's "xxHash fast digest algorithm" specification, version 0.2.0
 * (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, section "XXH64 algorithm description").
 *
 * The result depends on the bytes and the seed only: not on alignment, byte order or length of the machine's words.
 * Key groups are computed from it, so it is part of the storage format and must never change. */
#ifndef PFX_XXH64_H
#define PFX_XXH64_H

#include <stddef.h>
#include <stdint.h>

/* Hash of `size` bytes at `data`, which needs no alignment and may be NULL when size is 0. */
uint64_t pfx_xxh64(const void *data, size_t size, uint64_t seed);

/* Hash, with seed 0, of the 9 bytes that are `head` in little-endian order and then `tail`: what pfx_xxh64 would
 * return, without a way through memory. */
uint64_t pfx_xxh64_9(uint64_t head, uint8_t tail);

#endif
