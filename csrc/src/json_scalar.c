/* Numbers, words, strings and bytes into columns. */
#include "json_scan.h"
#include "pfx/number.h"

/* The magnitude of a whole number of up to 19 digits from `at` on; NULL for what is none, or has a 0 before it. */
static inline const uint8_t *whole_number(const uint8_t *at, uint64_t *out) {
    const uint8_t *start = at;
    uint64_t value = 0;
    while (pfx_json_is_digit(*at)) {
        value = value * 10 + (uint64_t)(*at - '0');
        at++;
    }
    *out = value;
    return at == start || at - start > 19 || (*start == '0' && at - start > 1) ? NULL : at;
}

/* The same with a sign. */
static inline const uint8_t *signed_number(const uint8_t *at, int64_t *out) {
    uint64_t magnitude;
    bool negative = *at == '-';
    at = whole_number(at + negative, &magnitude);
    if (at == NULL || magnitude > (uint64_t)INT64_MAX + negative) {
        return NULL;
    }
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return at;
}

static const uint8_t *read_integer(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at) {
    pfx_out_column *column = &node->column;
    int64_t value;
    at = signed_number(at, &value);
    if (at == NULL || value < node->lowest || value > node->highest || !pfx_json_room(reader, column)) {
        return NULL;
    }
    switch (column->width) {
    case 8:
        pfx_out_column_add_i64(column, value);
        break;
    case 4:
        pfx_out_column_add_i32(column, (int32_t)value);
        break;
    case 2:
        pfx_out_column_add_i16(column, (int16_t)value);
        break;
    default:
        pfx_out_column_add_i8(column, (int8_t)value);
        break;
    }
    return at;
}

static const uint8_t *scan_number(const uint8_t *at, const uint8_t *end, pfx_number *number) {
    const uint8_t *stop = (const uint8_t *)pfx_number_scan((const char *)at, (const char *)end, number);
    bool odd = stop == NULL || number->plus || number->zeroed || number->bare;
    return odd || stop - at > PFX_JSON_NUMBER ? NULL : stop;
}

static const uint8_t *read_float(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at, const uint8_t *end) {
    pfx_number number;
    const uint8_t *stop = scan_number(at, end, &number);
    if (stop == NULL || number.exponent > 9999 || number.exponent < -9999 || !pfx_json_room(reader, &node->column)) {
        return NULL;
    }
    double value = pfx_number_double(&number, (const char *)at, (const char *)stop);
    if (value - value != 0) { /* too large: not an infinity, but an error */
        return NULL;
    }
    if (number.whole && value == 0) {
        value = 0; /* the integer -0 */
    }
    if (node->form == PFX_JSON_FLOAT) {
        pfx_out_column_add_f32(&node->column, (float)value);
    } else {
        pfx_out_column_add_f64(&node->column, value);
    }
    return stop;
}

/* Where "true" or "false" ends. */
static const uint8_t *behind_word(const uint8_t *at, bool *value) {
    if (at[0] == 't' && at[1] == 'r' && at[2] == 'u' && at[3] == 'e') {
        *value = true;
        return at + 4;
    }
    if (at[0] == 'f' && at[1] == 'a' && at[2] == 'l' && at[3] == 's' && at[4] == 'e') {
        *value = false;
        return at + 5;
    }
    return NULL;
}

static const uint8_t *read_bool(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at) {
    bool value;
    at = behind_word(at, &value);
    if (at != NULL && pfx_json_room(reader, &node->column)) {
        pfx_out_column_add_bool(&node->column, value);
        return at;
    }
    return NULL;
}

static const uint8_t *add_text(pfx_json_reader *reader, pfx_out_column *column, const void *text, int64_t size) {
    reader->failure = pfx_out_column_room(column);
    if (reader->failure == PFX_OK) {
        reader->failure = pfx_out_column_add_text(column, text, size);
    }
    return reader->failure == PFX_OK ? (const uint8_t *)text + size : NULL;
}

/* Strings, and as text: true, false and whole numbers. */
static const uint8_t *read_text(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at, const uint8_t *end) {
    bool unused;
    if (*at == '"') {
        return pfx_json_read_string(reader, &node->column, at + 1, end);
    }
    const uint8_t *stop = behind_word(at, &unused);
    if (stop == NULL) {
        pfx_number number;
        stop = scan_number(at, end, &number);
        if (stop == NULL || !number.whole || (*at == '-' && number.digits == 0)) {
            return NULL;
        }
    }
    return add_text(reader, &node->column, at, stop - at);
}

static const uint8_t *read_character(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at,
                                     const uint8_t *end) {
    pfx_out_column *column = &node->column;
    int64_t start = column->data_used;
    if (*at != '"' || (at = pfx_json_read_string(reader, column, at + 1, end)) == NULL) {
        return NULL;
    }
    int characters = 0;
    for (int64_t i = start; i < column->data_used && characters < 2; i++) {
        characters += (column->data[i] & 0xc0) != 0x80;
    }
    return characters == 1 ? at : NULL;
}

/* ---- Base64 ---- */

static int sextet(uint8_t letter) {
    if (letter >= 'A' && letter <= 'Z') {
        return letter - 'A';
    }
    if (letter >= 'a' && letter <= 'z') {
        return letter - 'a' + 26;
    }
    if (pfx_json_is_digit(letter)) {
        return letter - '0' + 52;
    }
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

static const uint8_t *read_base64(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at, const uint8_t *end) {
    if (*at != '"' || !pfx_json_room(reader, &node->column)) {
        return NULL;
    }
    const uint8_t *stop = pfx_json_plain(++at, end);
    int64_t size = stop - at;
    uint8_t *to;
    if (*stop != '"' || size % 4 != 0) {
        return NULL;
    }
    reader->failure = pfx_out_column_text_room(&node->column, size / 4 * 3, &to);
    if (reader->failure != PFX_OK) {
        return NULL;
    }
    uint8_t *first = to;
    int padding = size == 0 ? 0 : (stop[-1] == '=') + (stop[-1] == '=' && stop[-2] == '=');
    for (; at < stop; at += 4) {
        int pads = at + 4 == stop ? padding : 0;
        int third = pads == 2 ? 0 : sextet(at[2]);
        int fourth = pads > 0 ? 0 : sextet(at[3]);
        int before = sextet(at[0]) | sextet(at[1]);
        if ((before | third | fourth) < 0) {
            return NULL;
        }
        uint32_t bits =
            (uint32_t)sextet(at[0]) << 18 | (uint32_t)sextet(at[1]) << 12 | (uint32_t)third << 6 | (uint32_t)fourth;
        if (pads > 0 && (bits & (pads == 1 ? 0xff : 0xffff)) != 0) { /* bits of no byte */
            return NULL;
        }
        to[0] = (uint8_t)(bits >> 16);
        to[1] = (uint8_t)(bits >> 8);
        to[2] = (uint8_t)bits;
        to += 3 - pads;
    }
    pfx_out_column_end_text(&node->column, to - first);
    return stop + 1;
}

/* ---- numbers of any size, as their codecs write them ---- */

static const uint8_t *read_big_int(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at) {
    int64_t value;
    uint8_t image[9];
    const uint8_t *stop = signed_number(at, &value);
    if (stop == NULL) {
        return NULL;
    }
    uint64_t magnitude = (uint64_t)(value < 0 ? ~value : value);
    uint8_t size = value != 0;
    for (; magnitude >= 128; magnitude >>= 8) {
        size++;
    }
    image[0] = size;
    pfx_store_i64(image + 1, value);
    return add_text(reader, &node->column, image, size + 1) != NULL ? stop : NULL;
}

/* Whether a number without an exponent is what Decimal writes of it. */
static bool is_plain_decimal(const uint8_t *at, const uint8_t *end, const pfx_number *number) {
    const uint8_t *digit = at + (*at == '-');
    if (number->whole) {
        return number->digits != 0 || *at != '-';
    }
    if (*digit != '0') {
        return true;
    }
    digit += 2; /* behind the point */
    const uint8_t *first = digit;
    while (digit < end && *digit == '0') {
        digit++;
    }
    return digit == end ? digit - first <= 6 : digit - first <= 5;
}

static const uint8_t *read_big_dec(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at,
                                   const uint8_t *end) {
    pfx_number number;
    uint8_t text[2 + 128];
    const uint8_t *stop = scan_number(at, end, &number);
    if (stop == NULL || stop - at > 128 || !pfx_json_room(reader, &node->column)) {
        return NULL;
    }
    for (const uint8_t *digit = at; digit < stop; digit++) {
        if ((*digit | 0x20) == 'e') {
            return NULL;
        }
    }
    if (!is_plain_decimal(at, stop, &number)) {
        return NULL;
    }
    size_t size = (size_t)(stop - at);
    size_t prefix = size < 128 ? 1 : 2; /* bytes of the varint */
    text[0] = (uint8_t)(size | (prefix == 2 ? 0x80 : 0));
    text[1] = 1;
    memcpy(text + prefix, at, size);
    return add_text(reader, &node->column, text, (int64_t)(prefix + size)) != NULL ? stop : NULL;
}

const uint8_t *pfx_json_read_scalar(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at,
                                    const uint8_t *end) {
    switch (node->form) {
    case PFX_JSON_INTEGER:
        return read_integer(reader, node, at);
    case PFX_JSON_DOUBLE:
    case PFX_JSON_FLOAT:
        return read_float(reader, node, at, end);
    case PFX_JSON_BOOL:
        return read_bool(reader, node, at);
    case PFX_JSON_TEXT:
        return read_text(reader, node, at, end);
    case PFX_JSON_CHARACTER:
        return read_character(reader, node, at, end);
    case PFX_JSON_BASE64:
        return read_base64(reader, node, at, end);
    case PFX_JSON_BIG_INT:
        return read_big_int(reader, node, at);
    case PFX_JSON_BIG_DEC:
        return read_big_dec(reader, node, at, end);
    default:
        return pfx_json_read_time(reader, node, at);
    }
}
