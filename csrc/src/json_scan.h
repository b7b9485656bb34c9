/* Steps over JSON text that ends with a NUL; what readers of values have in common. */
#ifndef PFX_JSON_SCAN_H
#define PFX_JSON_SCAN_H

#include "pfx/endian.h"
#include "pfx/json_read.h"
#include "pfx/out_column_access.h"

/* Levels of arrays and objects in a value that nobody wants, and of the types of wanted ones; what is deeper is rare.
 */
#define PFX_JSON_DEPTH 64
/* Characters of a number; longer ones are rare. */
#define PFX_JSON_NUMBER 900

#define PFX_JSON_LANES(byte) (UINT64_C(0x0101010101010101) * (uint8_t)(byte))

static inline const uint8_t *pfx_json_space(const pfx_json_reader *reader, const uint8_t *at) {
    while (*at == ' ' || *at == '\t' || (reader->breaks && (*at == '\n' || *at == '\r'))) {
        at++;
    }
    return at;
}

/* Bytes of a string's eight that end its plain part (quotes, backslashes, control characters): the lowest bit that is
 * set is the top one of the first of these. */
static inline uint64_t pfx_json_special(uint64_t word) {
    uint64_t quote = word ^ PFX_JSON_LANES('"');
    uint64_t escape = word ^ PFX_JSON_LANES('\\');
    return (((quote - PFX_JSON_LANES(1)) & ~quote) | ((escape - PFX_JSON_LANES(1)) & ~escape) |
            ((word - PFX_JSON_LANES(0x20)) & ~word)) &
           PFX_JSON_LANES(0x80);
}

/* The first byte from `at` on that is a quote, a backslash or a control character; there is one before `end`, or it is
 * the NUL there. */
static inline const uint8_t *pfx_json_plain(const uint8_t *at, const uint8_t *end) {
    while (end - at >= 8) {
        uint64_t special = pfx_json_special((uint64_t)pfx_load_i64(at));
        if (special != 0) {
            return at + __builtin_ctzll(special) / 8;
        }
        at += 8;
    }
    while (*at >= 0x20 && *at != '"' && *at != '\\') {
        at++;
    }
    return at;
}

static inline bool pfx_json_is_digit(uint8_t byte) {
    return (uint8_t)(byte - '0') < 10;
}

static inline uint32_t pfx_json_hash(const uint8_t *name, size_t size) {
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ name[i]) * UINT32_C(16777619);
    }
    return hash ^ hash >> 15;
}

/* ---- columns ---- */

static inline bool pfx_json_room(pfx_json_reader *reader, pfx_out_column *column) {
    reader->failure = pfx_out_column_room(column);
    return reader->failure == PFX_OK;
}

/* ---- steps: where the value ends, or NULL (see failure) ---- */

/* Pass over any value. */
const uint8_t *pfx_json_skip(const pfx_json_reader *reader, const uint8_t *at, const uint8_t *end, int depth);

/* Pass over a string, from behind its first quote to behind its last. */
const uint8_t *pfx_json_skip_string(const uint8_t *at, const uint8_t *end);

/* Append the string that begins behind a quote at `at` as a row of a text column. */
const uint8_t *pfx_json_read_string(pfx_json_reader *reader, pfx_out_column *column, const uint8_t *at,
                                    const uint8_t *end);

/* Append the number, word or string at `at` as a row of the node's column. */
const uint8_t *pfx_json_read_scalar(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at,
                                    const uint8_t *end);

/* Append a date or time of day; see json_time.c. */
const uint8_t *pfx_json_read_time(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at);

#endif
