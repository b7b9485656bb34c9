/* Strings, with their escapes replaced, into columns of text. */
#include "json_scan.h"

static uint32_t hex_digit(uint8_t byte) {
    return pfx_json_is_digit(byte) ? byte - UINT32_C(48) : (uint32_t)(byte | 0x20) - 'a' + 10;
}

/* Four hexadecimal digits that pfx_json_skip_string has found. */
static uint32_t hex_unit(const uint8_t *at) {
    return hex_digit(at[0]) << 12 | hex_digit(at[1]) << 8 | hex_digit(at[2]) << 4 | hex_digit(at[3]);
}

static uint8_t *put_point(uint8_t *to, uint32_t point) {
    if (point < 0x80) {
        *to++ = (uint8_t)point;
    } else if (point < 0x800) {
        *to++ = (uint8_t)(0xc0 | point >> 6);
        *to++ = (uint8_t)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *to++ = (uint8_t)(0xe0 | point >> 12);
        *to++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        *to++ = (uint8_t)(0x80 | (point & 0x3f));
    } else {
        *to++ = (uint8_t)(0xf0 | point >> 18);
        *to++ = (uint8_t)(0x80 | (point >> 12 & 0x3f));
        *to++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        *to++ = (uint8_t)(0x80 | (point & 0x3f));
    }
    return to;
}

static uint8_t escaped(uint8_t letter) {
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

/* Write the text of a string that is known to be one, from behind its first quote; it takes no more bytes than it has
 * with its escapes. Returns where it ends, or NULL where half a surrogate pair stands alone. */
static uint8_t *unescape(const uint8_t *at, const uint8_t *end, uint8_t *to) {
    for (;;) {
        const uint8_t *special = pfx_json_plain(at, end);
        size_t plain = (size_t)(special - at);
        memcpy(to, at, plain);
        to += plain;
        at = special;
        if (*at == '"') {
            return to;
        }
        if (at[1] != 'u') {
            *to++ = escaped(at[1]);
            at += 2;
            continue;
        }
        uint32_t point = hex_unit(at + 2);
        at += 6;
        if (point >= 0xd800 && point < 0xe000) {
            if (point >= 0xdc00 || at[0] != '\\' || at[1] != 'u') {
                return NULL;
            }
            uint32_t low = hex_unit(at + 2);
            if (low < 0xdc00 || low >= 0xe000) {
                return NULL;
            }
            point = 0x10000 + ((point - 0xd800) << 10 | (low - 0xdc00));
            at += 6;
        }
        to = put_point(to, point);
    }
}

const uint8_t *pfx_json_read_string(pfx_json_reader *reader, pfx_out_column *column, const uint8_t *at,
                                    const uint8_t *end) {
    const uint8_t *stop = pfx_json_plain(at, end);
    uint8_t *to;
    if (!pfx_json_room(reader, column)) {
        return NULL;
    }
    if (*stop == '"') {
        reader->failure = pfx_out_column_add_text(column, at, stop - at);
        return reader->failure == PFX_OK ? stop + 1 : NULL;
    }
    stop = pfx_json_skip_string(stop, end);
    if (stop == NULL) {
        return NULL;
    }
    reader->failure = pfx_out_column_text_room(column, stop - at, &to);
    if (reader->failure != PFX_OK) {
        return NULL;
    }
    uint8_t *last = unescape(at, end, to);
    if (last == NULL) {
        return NULL;
    }
    pfx_out_column_end_text(column, last - to);
    return stop;
}
