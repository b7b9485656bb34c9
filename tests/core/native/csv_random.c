/* Reads random CSV (pfx/csv_read.h) from memory of just its size, and writes what was read (pfx/csv_write.h);
 * arguments: seed, runs. Told are faults of memory only, by the sanitizers, and rows that are not in all columns. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pfx/csv_read.h"
#include "pfx/csv_write.h"

enum { COLUMNS = 7 };

static const char *const FORMATS[] = {"l", "u", "g", "b", "tdD", "tsu:", "c"};
static const pfx_csv_kind KINDS[] = {PFX_CSV_INTEGER, PFX_CSV_TEXT,      PFX_CSV_DOUBLE, PFX_CSV_BOOL,
                                     PFX_CSV_DATE,    PFX_CSV_TIMESTAMP, PFX_CSV_INTEGER};
static const char *const PIECES[] = {"1",   "-7,",  "\"",   "\"\"",       ",",     ",",
                                     ",",   "\n",   "\n",   "\r\n",       "\r",    "\\",
                                     "#",   " ",    "true", "2013-01-31", "10:05", "T",
                                     "1.5", "e10",  "NA",   "\xc3\xa9",   "\xff",  "123456789012345678901",
                                     "nan", "text", "a\"b", "\"a,b\"",    ".",     "0.1234567890123456789",
                                     "+",   "x"};

int main(int count, char **arguments) {
    uint64_t state = count > 1 ? strtoull(arguments[1], NULL, 10) * 2 + 1 : 1;
    long runs = count > 2 ? strtol(arguments[2], NULL, 10) : 1000;
    pfx_budget budget;
    pfx_budget_init(&budget, -1);
    for (long run = 0; run < runs; run++) {
#define RANDOM(limit) ((state = state * UINT64_C(6364136223846793005) + 1442695040888963407), (state >> 33) % (limit))
        char scratch[2048];
        size_t size = 0;
        for (uint64_t i = RANDOM(60); i > 0; i--) {
            const char *piece = PIECES[RANDOM(sizeof PIECES / sizeof *PIECES)];
            memcpy(scratch + size, piece, strlen(piece));
            size += strlen(piece);
        }
        scratch[size++] = RANDOM(2) ? '\n' : '\r';
        char *text = malloc(size);
        memcpy(text, scratch, size);
        pfx_arrow_type types[COLUMNS];
        pfx_out_column outs[COLUMNS];
        pfx_csv_field fields[COLUMNS];
        int32_t columns = 1 + (int32_t)RANDOM(COLUMNS);
        for (int32_t i = 0; i < columns; i++) {
            pfx_arrow_type_parse(FORMATS[i], &types[i]);
            pfx_out_column_init(&outs[i], &types[i], &budget);
            bool skipped = i > 0 && RANDOM(5) == 0;
            fields[i] = (pfx_csv_field){skipped ? PFX_CSV_SKIPPED : KINDS[i], RANDOM(4) != 0, -128, 127,
                                        skipped ? NULL : &outs[i]};
        }
        pfx_csv_literal nulls[] = {{"", 0}, {"NA", 2}};
        pfx_csv_reader reader = {.fields = fields,
                                 .count = columns,
                                 .delimiter = ',',
                                 .quote = RANDOM(5) ? '"' : '\0',
                                 .escape = RANDOM(3) ? '\0' : '\\',
                                 .comments = RANDOM(2),
                                 .cuts = RANDOM(2),
                                 .nulls = nulls,
                                 .null_count = (int32_t)RANDOM(3),
                                 .field_limit = RANDOM(2) ? 131072 : 5};
        pfx_csv_prepare(&reader);
        pfx_csv_place place = {0, 1, 0};
        while (place.at < (int64_t)size) {
            pfx_csv_stop stop;
            int64_t trusted = pfx_csv_trusted(text, (int64_t)size, place.at);
            if (pfx_csv_read(&reader, text, (int64_t)size, trusted, place.rows + 1 + (int64_t)RANDOM(5), &place,
                             &stop)) {
                return 2;
            }
            if (stop == PFX_CSV_RARE) {
                int64_t lines = 1;
                place.at = pfx_csv_pass_lines(text, (int64_t)size, place.at, &lines);
            }
        }
        pfx_key_column written[COLUMNS];
        int32_t known = 0;
        for (int32_t i = 0; i < columns; i++) {
            if (fields[i].out == NULL) {
                continue;
            }
            if (outs[i].rows != place.rows) {
                printf("run %ld: column %d has %ld rows of %ld\n", run, i, (long)outs[i].rows, (long)place.rows);
                return 1;
            }
            written[known++] = (pfx_key_column){.type = &types[i],
                                                .validity = outs[i].nulls > 0 ? outs[i].validity : NULL,
                                                .offsets = outs[i].offsets,
                                                .data = outs[i].data};
        }
        pfx_csv_writer writer = {.delimiter = ',', .quote = '"', .crlf = RANDOM(2), .null = "", .null_length = 0};
        pfx_csv_writer_prepare(&writer);
        pfx_csv_text lines = {.budget = &budget};
        pfx_csv_write(&writer, written, known, place.rows, &lines);
        pfx_free(&budget, lines.bytes, lines.capacity);
        /* Each line as a message, too. */
        int64_t ends[64], rare[64], rare_count = 0, rows = 0, messages = 0;
        for (size_t i = 0; i < size && messages < 64; i++) {
            if (text[i] == '\n') {
                ends[messages++] = (int64_t)i;
            }
        }
        for (int32_t i = 0; i < columns; i++) {
            pfx_out_column_cut(&outs[i], 0);
        }
        if (pfx_csv_read_messages(&reader, text, ends, messages, &rows, rare, &rare_count) ||
            rows + rare_count != messages) {
            return 3;
        }
        for (int32_t i = 0; i < columns; i++) {
            pfx_out_column_free(&outs[i]);
        }
        free(text);
    }
    return pfx_budget_used(&budget) != 0;
}
