/* UTF-8 as RFC 3629 defines it: shortest forms only, no surrogates, nothing above U+10FFFF. */
#ifndef PFX_UTF8_H
#define PFX_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "pfx/status.h"

typedef struct pfx_utf8_shape {
    size_t characters;
    uint32_t widest; /* a code point >= all others of the text: 0x7f, 0xff, 0xffff or 0x10ffff */
} pfx_utf8_shape;

/* Bytes up to the first that is not ASCII, or `count`. */
size_t pfx_utf8_ascii_prefix(const uint8_t *bytes, size_t count);

/* Validate `count` bytes and tell how many characters they are and how wide these get.
 * PFX_INVALID_UTF8 leaves *out as it was. */
pfx_status pfx_utf8_scan(const uint8_t *bytes, size_t count, pfx_utf8_shape *out);

/* Decode bytes that pfx_utf8_scan accepted into `out`, which has room for its `characters` of the width named (8 bits
 * where widest <= 0xff, 16 where <= 0xffff). */
void pfx_utf8_decode_8(const uint8_t *bytes, size_t count, uint8_t *out);
void pfx_utf8_decode_16(const uint8_t *bytes, size_t count, uint16_t *out);
void pfx_utf8_decode_32(const uint8_t *bytes, size_t count, uint32_t *out);

#endif
