/* Passing over values: they are held against the grammar all the same, so that what is no JSON is found. */
#include "json_scan.h"

static bool is_hex(uint8_t byte) {
    return pfx_json_is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

const uint8_t *pfx_json_skip_string(const uint8_t *at, const uint8_t *end) {
    for (;;) {
        at = pfx_json_plain(at, end);
        if (*at == '"') {
            return at + 1;
        }
        if (*at != '\\') {
            return NULL;
        }
        switch (at[1]) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
            at += 2;
            break;
        case 'u':
            if (!is_hex(at[2]) || !is_hex(at[3]) || !is_hex(at[4]) || !is_hex(at[5])) {
                return NULL;
            }
            at += 6;
            break;
        default:
            return NULL;
        }
    }
}

static const uint8_t *skip_digits(const uint8_t *at) {
    if (!pfx_json_is_digit(*at)) {
        return NULL;
    }
    while (pfx_json_is_digit(*at)) {
        at++;
    }
    return at;
}

static const uint8_t *skip_number(const uint8_t *at) {
    const uint8_t *start = at;
    at += *at == '-';
    if (*at == '0') {
        at++;
    } else {
        at = skip_digits(at);
    }
    if (at != NULL && *at == '.') {
        at = skip_digits(at + 1);
    }
    if (at != NULL && (*at | 0x20) == 'e') {
        at++;
        at += *at == '+' || *at == '-';
        const uint8_t *exponent = at;
        at = skip_digits(at);
        if (at != NULL && at - exponent > 4) { /* perhaps none that a decimal has */
            return NULL;
        }
    }
    return at != NULL && at - start <= PFX_JSON_NUMBER ? at : NULL;
}

static const uint8_t *skip_word(const uint8_t *at, const char *word) {
    for (; *word != 0; word++, at++) {
        if (*at != (uint8_t)*word) {
            return NULL;
        }
    }
    return at;
}

/* The rest of an array or object, from behind its bracket. */
static const uint8_t *skip_parts(const pfx_json_reader *reader, const uint8_t *at, const uint8_t *end, int depth,
                                 bool named) {
    uint8_t close = named ? '}' : ']';
    if (depth >= PFX_JSON_DEPTH) {
        return NULL;
    }
    at = pfx_json_space(reader, at);
    if (*at == close) {
        return at + 1;
    }
    for (;;) {
        if (named) {
            if (*at != '"' || (at = pfx_json_skip_string(at + 1, end)) == NULL) {
                return NULL;
            }
            at = pfx_json_space(reader, at);
            if (*at != ':') {
                return NULL;
            }
            at = pfx_json_space(reader, at + 1);
        }
        at = pfx_json_skip(reader, at, end, depth + 1);
        if (at == NULL) {
            return NULL;
        }
        at = pfx_json_space(reader, at);
        if (*at == close) {
            return at + 1;
        }
        if (*at != ',') {
            return NULL;
        }
        at = pfx_json_space(reader, at + 1);
    }
}

const uint8_t *pfx_json_skip(const pfx_json_reader *reader, const uint8_t *at, const uint8_t *end, int depth) {
    switch (*at) {
    case '"':
        return pfx_json_skip_string(at + 1, end);
    case '{':
        return skip_parts(reader, at + 1, end, depth, true);
    case '[':
        return skip_parts(reader, at + 1, end, depth, false);
    case 't':
        return skip_word(at, "true");
    case 'f':
        return skip_word(at, "false");
    case 'n':
        return skip_word(at, "null");
    default:
        return skip_number(at);
    }
}
