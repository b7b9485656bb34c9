#include "pfx/csv_read.h"

#include <string.h>

#include "csv_values.h"
#include "pfx/number.h"
#include "pfx/out_column_access.h"
#include "pfx/utf8.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define MOST_DIGITS 18 /* that fit an int64 whatever they are */
#define SHORT_TEXT 16  /* bytes that are copied at once */
#define SHORT_COPY 512 /* bytes that need no memory of their own */

void pfx_csv_prepare(pfx_csv_reader *reader) {
    const char searched[] = {reader->delimiter, '\n', '\r', reader->escape != '\0' ? reader->escape : '\n'};
    memset(reader->ends, 0, sizeof reader->ends);
    memset(reader->null_first, 0, sizeof reader->null_first);
    reader->ends['\n'] = reader->ends['\r'] = reader->ends[(uint8_t)reader->delimiter] = 1;
    reader->empty_is_null = false;
    for (int32_t i = 0; i < reader->null_count; i++) {
        if (reader->nulls[i].length == 0) {
            reader->empty_is_null = true;
        } else {
            reader->null_first[(uint8_t)*reader->nulls[i].text] = 1;
        }
    }
    for (int i = 0; i < 4; i++) {
        reader->searched[i] = (uint8_t)searched[i] * ONES;
    }
}

/* The lowest set bit stands in the first byte that is 0. */
static inline uint64_t zero_bytes(uint64_t word) {
    return (word - ONES) & ~word & HIGH_BITS;
}

static inline uint64_t load_word(const char *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The first delimiter, line end or escape from `at` on; there is a line end. */
static inline const char *find_end(const pfx_csv_reader *reader, const char *at, const char *end) {
    for (; end - at >= 8; at += 8) {
        uint64_t word = load_word(at);
        uint64_t found = zero_bytes(word ^ reader->searched[0]) | zero_bytes(word ^ reader->searched[1]) |
                         zero_bytes(word ^ reader->searched[2]) | zero_bytes(word ^ reader->searched[3]);
        if (found) {
            return at + (__builtin_ctzll(found) >> 3);
        }
    }
    while (!reader->ends[(uint8_t)*at] && (reader->escape == '\0' || *at != reader->escape)) {
        at++;
    }
    return at;
}

/* The lines that end within a quoted field. */
static int64_t line_ends(const char *at, const char *end) {
    int64_t count = 0;
    for (; at < end; at++) {
        count += *at == '\n' || (*at == '\r' && at[1] != '\n');
    }
    return count;
}

/* A record while it is read. */
typedef struct cursor {
    const pfx_csv_reader *reader;
    const char *at;
    const char *end;
    int64_t lines; /* that ended within its fields */
} cursor;

static inline bool is_too_long(const cursor *it, int64_t length) {
    return length > it->reader->field_limit;
}

static pfx_status add(const cursor *it, const pfx_csv_field *field, const char *text, int64_t length) {
    if (is_too_long(it, length)) {
        return PFX_INVALID_ARGUMENT;
    }
    return field->kind == PFX_CSV_SKIPPED ? PFX_OK : pfx_csv_add(it->reader, field, text, length);
}

/* A field whose bytes are not its value: quotes that are doubled, or bytes behind an escape. It is copied without them
 * to `to`, or only measured where that is NULL. Ends behind the closing quote, or at the end of an unquoted one. */
static pfx_status copy_field(cursor *it, bool quoted, char *to, int64_t *length) {
    const pfx_csv_reader *reader = it->reader;
    const char *at = it->at;
    int64_t count = 0;
    for (;; at++, count++) {
        if (at == it->end || is_too_long(it, count)) {
            return PFX_INVALID_ARGUMENT;
        }
        if (reader->escape != '\0' && *at == reader->escape) {
            at++;
            if (at == it->end || *at == '\n' || *at == '\r') {
                return PFX_INVALID_ARGUMENT;
            }
        } else if (quoted && *at == reader->quote) {
            if (at + 1 == it->end || at[1] != reader->quote) {
                break;
            }
            at++;
        } else if (!quoted && reader->ends[(uint8_t)*at]) {
            break;
        }
        if (to != NULL) {
            to[count] = *at;
        }
    }
    if (to != NULL) {
        it->lines += quoted ? line_ends(it->at, at) : 0;
        it->at = at + quoted;
    }
    *length = count;
    return PFX_OK;
}

/* A field that is copied, by way of memory of its own. */
static pfx_status add_copied(cursor *it, const pfx_csv_field *field, bool quoted, pfx_budget *budget) {
    char few[SHORT_COPY];
    void *memory = few;
    int64_t length = 0;
    PFX_TRY(copy_field(it, quoted, NULL, &length));
    if (length > SHORT_COPY) {
        PFX_TRY(pfx_alloc(budget, length, &memory));
    }
    pfx_status status = copy_field(it, quoted, memory, &length);
    if (status == PFX_OK) {
        status = add(it, field, memory, length);
    }
    if (memory != few) {
        pfx_free(budget, memory, length);
    }
    return status;
}

static pfx_status add_quoted(cursor *it, const pfx_csv_field *field, pfx_budget *budget) {
    const pfx_csv_reader *reader = it->reader;
    const char *from = ++it->at;
    const char *close = memchr(from, reader->quote, (size_t)(it->end - from));
    if (close == NULL) {
        return PFX_INVALID_ARGUMENT;
    }
    if (close[1] == reader->quote || /* not the last byte of the text, which is a line end */
        (reader->escape != '\0' && memchr(from, reader->escape, (size_t)(close - from)) != NULL)) {
        return add_copied(it, field, true, budget);
    }
    it->lines += line_ends(from, close);
    it->at = close + 1;
    return add(it, field, from, close - from);
}

static pfx_status add_text(cursor *it, const pfx_csv_field *field, pfx_budget *budget) {
    const pfx_csv_reader *reader = it->reader;
    const char *from = it->at;
    const char *stop = find_end(reader, from, it->end);
    int64_t length = stop - from;
    if (reader->escape != '\0' && *stop == reader->escape) {
        return add_copied(it, field, false, budget);
    }
    it->at = stop;
    if (length > SHORT_TEXT || length == 0 || reader->null_first[(uint8_t)*from] || field->kind != PFX_CSV_TEXT ||
        it->end - from < SHORT_TEXT || length > reader->field_limit) {
        return add(it, field, from, length);
    }
    uint8_t *to;
    PFX_TRY(pfx_out_column_text_room(field->out, SHORT_TEXT, &to));
    memcpy(to, from, SHORT_TEXT);
    pfx_out_column_end_text(field->out, length);
    return PFX_OK;
}

/* Digits that end where the field does, or whatever else it is. */
static pfx_status add_integer(cursor *it, const pfx_csv_field *field, pfx_budget *budget) {
    const char *at = it->at;
    uint64_t value = 0;
    bool negative = *at == '-';
    at += negative;
    const char *digits = at;
    for (; (uint8_t)(*at - '0') < 10; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
    }
    if (at == digits || at - digits > MOST_DIGITS || !it->reader->ends[(uint8_t)*at] ||
        it->reader->null_first[(uint8_t)*it->at]) {
        return add_text(it, field, budget);
    }
    it->at = at;
    return pfx_csv_add_integer(field, negative ? -(int64_t)value : (int64_t)value);
}

/* Digits with a point, as few as surely fit 64 bits; or whatever else it is. */
static pfx_status add_double(cursor *it, const pfx_csv_field *field, pfx_budget *budget) {
    static const double POWERS[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = it->at;
    uint64_t value = 0;
    int64_t places = 0;
    bool negative = *at == '-';
    at += negative;
    const char *digits = at;
    for (; (uint8_t)(*at - '0') < 10; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
    }
    int64_t count = at - digits;
    if (*at == '.') {
        const char *point = ++at;
        for (; (uint8_t)(*at - '0') < 10; at++) {
            value = value * 10 + (uint64_t)(*at - '0');
        }
        places = at - point;
        count += places;
    }
    if (count == 0 || count > 19 || !it->reader->ends[(uint8_t)*at] || it->reader->null_first[(uint8_t)*it->at]) {
        return add_text(it, field, budget);
    }
    double real;
    if (count <= 15) { /* the digits and the power of ten are doubles, so their quotient is the one that is nearest */
        real = (double)(int64_t)value / POWERS[places];
        real = negative ? -real : real;
    } else {
        pfx_number number = {.digits = value, .exponent = -places, .negative = negative};
        real = pfx_number_double(&number, it->at, at);
    }
    it->at = at;
    if (field->kind == PFX_CSV_DOUBLE) {
        pfx_out_column_add_f64(field->out, real);
    } else {
        pfx_out_column_add_f32(field->out, (float)real);
    }
    return PFX_OK;
}

static inline pfx_status add_field(cursor *it, const pfx_csv_field *field, pfx_budget *budget) {
    const pfx_csv_reader *reader = it->reader;
    if (reader->quote != '\0' && *it->at == reader->quote) {
        return add_quoted(it, field, budget);
    }
    if (reader->ends[(uint8_t)*it->at]) { /* there is nothing in it */
        return add(it, field, it->at, 0);
    }
    switch (field->kind) {
    case PFX_CSV_INTEGER:
        return add_integer(it, field, budget);
    case PFX_CSV_DOUBLE:
    case PFX_CSV_FLOAT:
        return add_double(it, field, budget);
    default:
        return add_text(it, field, budget);
    }
}

/* Read one record; PFX_INVALID_ARGUMENT when it is rare. */
static pfx_status add_record(cursor *it, pfx_budget *budget) {
    static const pfx_csv_field SKIPPED = {.kind = PFX_CSV_SKIPPED};
    const pfx_csv_reader *reader = it->reader;
    int32_t last = reader->count - 1;
    for (int32_t i = 0;; i++) {
        PFX_TRY(add_field(it, i <= last ? &reader->fields[i] : &SKIPPED, budget));
        if (it->at == it->end) { /* behind a closing quote */
            return PFX_INVALID_ARGUMENT;
        }
        if (*it->at == reader->delimiter) {
            if (i >= last && !reader->cuts) {
                return PFX_INVALID_ARGUMENT;
            }
            it->at++;
        } else {
            return i >= last && (*it->at == '\n' || *it->at == '\r') ? PFX_OK : PFX_INVALID_ARGUMENT;
        }
    }
}

static inline const char *behind_line_end(const char *at, const char *end) {
    return at + 1 + (*at == '\r' && end - at > 1 && at[1] == '\n');
}

static bool is_comment(const char *at) {
    while (*at == ' ') {
        at++;
    }
    return *at == '#';
}

static void cut(const pfx_csv_reader *reader, int64_t rows) {
    for (int32_t i = 0; i < reader->count; i++) {
        if (reader->fields[i].out != NULL) {
            pfx_out_column_cut(reader->fields[i].out, rows);
        }
    }
}

static pfx_status reserve(const pfx_csv_reader *reader, int64_t rows, pfx_budget **budget) {
    for (int32_t i = 0; i < reader->count; i++) {
        pfx_out_column *out = reader->fields[i].out;
        if (out != NULL) {
            PFX_TRY(pfx_out_column_reserve(out, rows));
            *budget = out->budget;
        }
    }
    return PFX_OK;
}

pfx_status pfx_csv_read(const pfx_csv_reader *reader, const char *text, int64_t length, int64_t trusted, int64_t limit,
                        pfx_csv_place *place, pfx_csv_stop *stop) {
    const char *end = text + length;
    const char *safe = text + trusted;
    pfx_budget *budget = NULL;
    cursor it = {.reader = reader, .at = text + place->at, .end = end, .lines = 0};
    /* A record has a byte for each of its fields. */
    int64_t most = (length - place->at) / reader->count + 1;
    PFX_TRY(reserve(reader, most < limit - place->rows ? most : limit - place->rows, &budget));
    *stop = PFX_CSV_END;
    while (it.at < end) {
        const char *from = it.at;
        if (*from == '\n' || *from == '\r') {
            it.at = behind_line_end(from, end);
            place->line++;
            continue;
        }
        if (reader->comments && is_comment(from)) {
            while (*it.at != '\n' && *it.at != '\r') {
                it.at++;
            }
            if (it.at >= safe) {
                it.at = from;
                *stop = PFX_CSV_RARE;
                break;
            }
            continue; /* what is left of the line is blank */
        }
        if (place->rows >= limit) {
            *stop = PFX_CSV_FULL;
            break;
        }
        it.lines = 0;
        pfx_status status = add_record(&it, budget);
        if (status == PFX_OK && it.at >= safe) {
            status = PFX_INVALID_ARGUMENT;
        }
        if (status != PFX_OK) {
            cut(reader, place->rows);
            it.at = from;
            *stop = PFX_CSV_RARE;
            if (status != PFX_INVALID_ARGUMENT) {
                return status;
            }
            break;
        }
        it.at = behind_line_end(it.at, end);
        place->line += it.lines + 1;
        place->rows++;
    }
    place->at = it.at - text;
    return PFX_OK;
}

/* One message; PFX_INVALID_ARGUMENT when it is rare. */
static pfx_status add_message(cursor *it, int64_t trusted, pfx_budget *budget) {
    if (*it->at == '\n' || *it->at == '\r' || it->end - it->at > trusted) {
        return PFX_INVALID_ARGUMENT;
    }
    if (it->reader->comments && *it->at == '#') {
        return PFX_INVALID_ARGUMENT;
    }
    PFX_TRY(add_record(it, budget));
    const char *behind = behind_line_end(it->at, it->end);
    return it->end - behind <= 1 ? PFX_OK : PFX_INVALID_ARGUMENT;
}

pfx_status pfx_csv_read_messages(const pfx_csv_reader *reader, const char *text, const int64_t *ends, int64_t count,
                                 int64_t *rows, int64_t *rare, int64_t *rare_count) {
    pfx_budget *budget = NULL;
    int64_t start = 0;
    int64_t length = count > 0 ? ends[count - 1] + 1 : 0;
    int64_t trusted = pfx_csv_trusted(text, length, 0);
    PFX_TRY(reserve(reader, count, &budget));
    *rare_count = 0;
    for (int64_t i = 0; i < count; i++) {
        cursor it = {.reader = reader, .at = text + start, .end = text + ends[i] + 1, .lines = 0};
        if (start > trusted) {
            trusted = pfx_csv_trusted(text, length, start);
        }
        pfx_status status = add_message(&it, trusted - start, budget);
        if (status == PFX_OK) {
            ++*rows;
        } else {
            cut(reader, *rows);
            if (status != PFX_INVALID_ARGUMENT) {
                return status;
            }
            rare[(*rare_count)++] = i;
        }
        start = ends[i] + 1;
    }
    return PFX_OK;
}

int64_t pfx_csv_pass_lines(const char *text, int64_t length, int64_t at, int64_t *lines) {
    const char *end = text + length;
    const char *here = text + at;
    while (*lines > 0 && here < end) {
        if (*here == '\n' || *here == '\r') {
            here = behind_line_end(here, end);
            --*lines;
        } else {
            here++;
        }
    }
    return here - text;
}

int64_t pfx_csv_trusted(const char *text, int64_t length, int64_t at) {
    const char *nul = memchr(text + at, '\0', (size_t)(length - at));
    int64_t end = nul != NULL ? nul - text : length;
    const uint8_t *bytes = (const uint8_t *)text;
    pfx_utf8_shape shape;
    if (pfx_utf8_scan(bytes + at, (size_t)(end - at), &shape) == PFX_OK) {
        return end;
    }
    /* Halve what may hold the fault; a character that is cut in two is one, so what is said may be up to 3 too small.
     */
    int64_t good = at;
    while (end - good > 4) {
        int64_t middle = good + (end - good) / 2;
        while (middle > good + 1 && (bytes[middle] & 0xc0) == 0x80) {
            middle--;
        }
        if (pfx_utf8_scan(bytes + good, (size_t)(middle - good), &shape) == PFX_OK) {
            if (middle == good) {
                break;
            }
            good = middle;
        } else {
            end = middle;
        }
    }
    return good;
}
