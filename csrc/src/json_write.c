#include "pfx/json_write.h"

#include <string.h>

#include "json_scan.h"
#include "json_write_time.h"
#include "pfx/bitmap.h"
#include "pfx/java_number.h"
#include "pfx/number_text.h"
#include "pfx/utf8.h"

/* Writers return false for what is rare, and where `failure` is set. */
typedef struct state {
    const pfx_json_column *columns;
    pfx_writer *out;
    pfx_status failure;
} state;

static bool write_value(state *writing, const pfx_json_column *column, int64_t row);

static inline bool room(state *writing, size_t size) {
    writing->failure = pfx_writer_reserve(writing->out, size);
    return writing->failure == PFX_OK;
}

/* For pieces whose room is there. */
static inline void put(state *writing, const void *bytes, size_t size) {
    pfx_writer *out = writing->out;
    memcpy(out->data + out->size, bytes, size);
    out->size += size;
}

static bool put_byte(state *writing, uint8_t byte) {
    if (!room(writing, 1)) {
        return false;
    }
    put(writing, &byte, 1);
    return true;
}

/* ---- text ---- */

static size_t put_escape(uint8_t *to, uint8_t byte) {
    static const char HEX[] = "0123456789abcdef";
    uint8_t letter = byte == '\n'   ? 'n'
                     : byte == '\r' ? 'r'
                     : byte == '\t' ? 't'
                     : byte == '\b' ? 'b'
                     : byte == '\f' ? 'f'
                                    : byte;
    to[0] = '\\';
    to[1] = letter;
    if (letter >= 0x20) {
        return 2;
    }
    memcpy(to + 1, "u00", 3);
    to[4] = (uint8_t)HEX[byte >> 4];
    to[5] = (uint8_t)HEX[byte & 15];
    return 6;
}

/* Text that is escaped at once: room must be made for six times as much. */
#define PIECE 4096

static bool put_piece(state *writing, const uint8_t *at, const uint8_t *end, uint64_t *wide) {
    if (!room(writing, (size_t)(end - at) * 6)) {
        return false;
    }
    uint8_t *to = writing->out->data + writing->out->size;
    while (at < end) {
        if (end - at >= 8) {
            uint64_t word = pfx_load_u64(at);
            if (pfx_json_special(word) == 0) {
                memcpy(to, at, 8);
                *wide |= word;
                at += 8;
                to += 8;
                continue;
            }
        }
        *wide |= *at;
        if (*at < 0x20 || *at == '"' || *at == '\\') {
            to += put_escape(to, *at);
        } else {
            *to++ = *at;
        }
        at++;
    }
    writing->out->size = (size_t)(to - writing->out->data);
    return true;
}

static bool put_text(state *writing, const uint8_t *text, int64_t size) {
    uint64_t wide = 0; /* the bits of all bytes, eight by eight */
    if (!put_byte(writing, '"')) {
        return false;
    }
    for (int64_t at = 0; at < size; at += PIECE) {
        int64_t end = size - at > PIECE ? at + PIECE : size;
        if (!put_piece(writing, text + at, text + end, &wide)) {
            return false;
        }
    }
    if (wide & PFX_JSON_LANES(0x80)) {
        pfx_utf8_shape shape;
        if (pfx_utf8_scan(text, (size_t)size, &shape) != PFX_OK) {
            return false;
        }
    }
    return put_byte(writing, '"');
}

static bool put_base64(state *writing, const uint8_t *bytes, int64_t size) {
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (size > INT64_MAX / 8 || !room(writing, (size_t)size / 3 * 4 + 6)) {
        return false;
    }
    uint8_t *to = writing->out->data + writing->out->size;
    *to++ = '"';
    for (; size > 0; size -= 3, bytes += 3, to += 4) {
        uint32_t bits = (uint32_t)bytes[0] << 16;
        bits |= size > 1 ? (uint32_t)bytes[1] << 8 : 0;
        bits |= size > 2 ? bytes[2] : 0;
        to[0] = (uint8_t)LETTERS[bits >> 18];
        to[1] = (uint8_t)LETTERS[bits >> 12 & 63];
        to[2] = (uint8_t)(size > 1 ? LETTERS[bits >> 6 & 63] : '=');
        to[3] = (uint8_t)(size > 2 ? LETTERS[bits & 63] : '=');
    }
    *to++ = '"';
    writing->out->size = (size_t)(to - writing->out->data);
    return true;
}

/* ---- numbers ---- */

static int64_t integer_at(const pfx_json_column *column, int64_t row) {
    const uint8_t *at = column->data + row * column->width;
    switch (column->width) {
    case 8:
        return pfx_load_i64(at);
    case 4:
        return pfx_load_i32(at);
    case 2:
        return (int16_t)(at[0] | at[1] << 8);
    default:
        return (int8_t)*at;
    }
}

/* The number of a BIG_INT's codec. */
static int put_big_int(const uint8_t *image, int64_t size, char *text) {
    if (size < 1 || image[0] != size - 1 || size > 9) {
        return 0;
    }
    uint64_t value = size > 1 && image[size - 1] >= 128 ? UINT64_MAX : 0;
    for (int64_t i = size - 1; i > 0; i--) {
        value = value << 8 | image[i];
    }
    int64_t number;
    memcpy(&number, &value, sizeof number);
    return pfx_signed_text(number, text);
}

/* The digits of a BIG_DEC's codec, which has none of them otherwise where there is no exponent. */
static bool put_big_dec(state *writing, const uint8_t *image, int64_t size) {
    pfx_reader reader = {image, image + size};
    uint64_t length;
    if (pfx_read_varint(&reader, &length) != PFX_OK || length != pfx_reader_left(&reader) || length > 5000) {
        return false;
    }
    for (const uint8_t *at = reader.at; at < reader.end; at++) {
        if (!pfx_json_is_digit(*at) && *at != '.' && *at != '-') {
            return false;
        }
    }
    if (!room(writing, length)) {
        return false;
    }
    put(writing, reader.at, length);
    return true;
}

static bool write_short(state *writing, const pfx_json_column *column, int64_t row) {
    if (!room(writing, PFX_JAVA_NUMBER_TEXT + PFX_JSON_TIME_TEXT)) {
        return false;
    }
    uint8_t *to = writing->out->data + writing->out->size;
    int size = 0;
    float single;
    switch (column->form) {
    case PFX_JSON_INTEGER:
        size = pfx_signed_text(integer_at(column, row), (char *)to);
        break;
    case PFX_JSON_DOUBLE:
        size = pfx_double_java(pfx_load_f64(column->data + row * 8), (char *)to);
        break;
    case PFX_JSON_FLOAT:
        single = pfx_load_f32(column->data + row * 4);
        size = pfx_float_java(single, (char *)to);
        break;
    case PFX_JSON_BOOL:
        size = pfx_bit_get(column->data, row) ? 4 : 5;
        memcpy(to, size == 4 ? "true" : "false", (size_t)size);
        break;
    case PFX_JSON_DATE:
    case PFX_JSON_TIME:
    case PFX_JSON_TIMESTAMP:
        size = pfx_json_time_text(column->form, integer_at(column, row), to);
        break;
    default:
        break;
    }
    writing->out->size += (size_t)size;
    return size > 0;
}

static bool write_bytes(state *writing, const pfx_json_column *column, int64_t row) {
    const uint8_t *bytes = column->data + column->offsets[row];
    int64_t size = (int64_t)column->offsets[row + 1] - column->offsets[row];
    int written;
    switch (column->form) {
    case PFX_JSON_BASE64:
        return put_base64(writing, bytes, size);
    case PFX_JSON_BIG_DEC:
        return put_big_dec(writing, bytes, size);
    case PFX_JSON_BIG_INT:
    case PFX_JSON_INSTANT:
        if (!room(writing, PFX_JAVA_NUMBER_TEXT + PFX_JSON_TIME_TEXT)) {
            return false;
        }
        written = column->form == PFX_JSON_BIG_INT
                      ? put_big_int(bytes, size, (char *)writing->out->data + writing->out->size)
                      : pfx_json_instant_text(bytes, size, writing->out->data + writing->out->size);
        writing->out->size += (size_t)written;
        return written > 0;
    default:
        return put_text(writing, bytes, size);
    }
}

/* ---- objects and arrays ---- */

static bool write_row(state *writing, const pfx_json_column *column, int64_t row) {
    const pfx_json_column *child = writing->columns + column->first;
    for (int32_t i = 0; i < column->count; i++, child++) {
        if (!room(writing, child->name_size + 8)) {
            return false;
        }
        uint8_t *to = writing->out->data + writing->out->size;
        for (size_t at = 0; at < child->name_size; at += 8) { /* cheaper than a call for so few bytes */
            memcpy(to + at, child->name + at, 8);
        }
        writing->out->size += child->name_size;
        if (!write_value(writing, child, row)) {
            return false;
        }
    }
    return put_byte(writing, '}');
}

static bool write_tuple(state *writing, const pfx_json_column *column, int64_t row) {
    for (int32_t i = 0; i < column->count; i++) {
        if (!put_byte(writing, i == 0 ? '[' : ',') ||
            !write_value(writing, writing->columns + column->first + i, row)) {
            return false;
        }
    }
    return put_byte(writing, ']');
}

static bool write_items(state *writing, const pfx_json_column *column, int64_t row) {
    const pfx_json_column *child = writing->columns + column->first;
    bool named = column->form == PFX_JSON_MAP;
    if (!put_byte(writing, named ? '{' : '[')) {
        return false;
    }
    for (int64_t item = column->offsets[row]; item < column->offsets[row + 1]; item++) {
        if (item > column->offsets[row] && !put_byte(writing, ',')) {
            return false;
        }
        if (named && (!write_value(writing, child, item) || !put_byte(writing, ':'))) {
            return false;
        }
        if (!write_value(writing, child + named, item)) {
            return false;
        }
    }
    return put_byte(writing, named ? '}' : ']');
}

static bool write_value(state *writing, const pfx_json_column *column, int64_t row) {
    row += column->offset;
    if (column->validity != NULL && !pfx_bit_get(column->validity, row)) {
        if (!room(writing, 4)) {
            return false;
        }
        put(writing, "null", 4);
        return true;
    }
    switch (column->form) {
    case PFX_JSON_ROW:
        return write_row(writing, column, row);
    case PFX_JSON_TUPLE:
        return write_tuple(writing, column, row);
    case PFX_JSON_LIST:
    case PFX_JSON_MAP:
        return write_items(writing, column, row);
    case PFX_JSON_TEXT:
    case PFX_JSON_CHARACTER:
    case PFX_JSON_BASE64:
    case PFX_JSON_INSTANT:
    case PFX_JSON_BIG_INT:
    case PFX_JSON_BIG_DEC:
        return write_bytes(writing, column, row);
    default:
        return write_short(writing, column, row);
    }
}

pfx_status pfx_json_write_rows(const pfx_json_column *columns, int64_t from, int64_t to, pfx_writer *out,
                               int64_t *written) {
    state writing = {columns, out, PFX_OK};
    int64_t row = from;
    for (; row < to; row++) {
        size_t before = out->size;
        if (!write_value(&writing, columns, row) || !put_byte(&writing, '\n')) {
            out->size = before;
            break;
        }
    }
    *written = row;
    return writing.failure;
}
