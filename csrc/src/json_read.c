#include <string.h>

#include "json_scan.h"
#include "pfx/json_read.h"
#include "pfx/utf8.h"

static const uint8_t *read_value(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at, const uint8_t *end);

static bool append_null(pfx_json_reader *reader, pfx_json_node *node) {
    if (!pfx_json_room(reader, &node->column)) {
        return false;
    }
    pfx_out_column_put_null(&node->column);
    if (node->form == PFX_JSON_ROW || node->form == PFX_JSON_TUPLE) {
        for (int32_t i = 0; i < node->count; i++) {
            if (!append_null(reader, &reader->nodes[node->first + i])) {
                return false;
            }
        }
    }
    return true;
}

/* ---- objects as rows ---- */

static inline bool is_name(const pfx_json_reader *reader, const pfx_json_node *child, const uint8_t *at,
                           const uint8_t *end) {
    const uint8_t *name = reader->names.data + child->name;
    size_t size = child->name_size;
    size_t left = (size_t)(end - at);
    if (left < size + 8) {
        return size > 0 && left >= size && memcmp(at, name, size) == 0;
    }
    while (size > 8) {
        if (pfx_load_u64(at) != pfx_load_u64(name)) {
            return false;
        }
        at += 8;
        name += 8;
        size -= 8;
    }
    return size > 0 && ((pfx_load_u64(at) ^ pfx_load_u64(name)) << (64 - 8 * size)) == 0;
}

/* The number of the child with that name, in quotes; -1 for none. */
static int32_t find_name(const pfx_json_reader *reader, const pfx_json_node *node, const uint8_t *name, size_t size) {
    const int32_t *slots = reader->table + node->slots;
    for (uint32_t slot = pfx_json_hash(name, size) & node->mask; slots[slot] >= 0; slot = (slot + 1) & node->mask) {
        const pfx_json_node *child = &reader->nodes[node->first + slots[slot]];
        if (child->name_size == size && memcmp(reader->names.data + child->name, name, size) == 0) {
            return slots[slot];
        }
    }
    return -1;
}

static const uint8_t *read_row(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at, const uint8_t *end) {
    pfx_json_node *children = reader->nodes + node->first;
    int64_t row = node->column.rows;
    int32_t *follower = &node->begun;
    int32_t seen = 0;
    if (*at != '{') {
        return NULL;
    }
    at = pfx_json_space(reader, at + 1);
    if (*at == '}') {
        at++;
    } else {
        for (;;) {
            int32_t found = *follower;
            if (*at != '"') {
                return NULL;
            }
            if (is_name(reader, &children[found], at, end)) {
                at += children[found].name_size;
            } else {
                const uint8_t *name = at;
                at = pfx_json_plain(at + 1, end);
                if (*at != '"') { /* an escape, which another spelling of a field's name may have */
                    return NULL;
                }
                at++;
                found = find_name(reader, node, name, (size_t)(at - name));
            }
            at = pfx_json_space(reader, at);
            if (*at != ':') {
                return NULL;
            }
            at = pfx_json_space(reader, at + 1);
            if (found >= 0) {
                pfx_json_node *child = &children[found];
                if (child->column.rows != row) { /* the field comes twice */
                    return NULL;
                }
                at = read_value(reader, child, at, end);
                *follower = found;
                follower = &child->follower;
                seen++;
            } else {
                at = pfx_json_skip(reader, at, end, 0);
            }
            if (at == NULL) {
                return NULL;
            }
            at = pfx_json_space(reader, at);
            if (*at == ',') {
                at = pfx_json_space(reader, at + 1);
                continue;
            }
            if (*at != '}') {
                return NULL;
            }
            at++;
            break;
        }
    }
    if (seen < node->count) {
        if (reader->all_fields) {
            return NULL;
        }
        for (int32_t i = 0; i < node->count; i++) {
            if (children[i].column.rows == row && !append_null(reader, &children[i])) {
                return NULL;
            }
        }
    }
    if (!pfx_json_room(reader, &node->column)) {
        return NULL;
    }
    pfx_out_column_filled(&node->column);
    return at;
}

/* ---- arrays, and objects as maps ---- */

static const uint8_t *end_items(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at) {
    int64_t items = reader->nodes[node->first].column.rows;
    if (items > INT32_MAX) {
        reader->failure = PFX_OVERFLOW;
        return NULL;
    }
    if (!pfx_json_room(reader, &node->column)) {
        return NULL;
    }
    pfx_out_column_put_end(&node->column, items);
    return at;
}

static const uint8_t *read_list(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at, const uint8_t *end) {
    pfx_json_node *child = &reader->nodes[node->first];
    if (*at != '[') {
        return NULL;
    }
    at = pfx_json_space(reader, at + 1);
    if (*at == ']') {
        return end_items(reader, node, at + 1);
    }
    for (;;) {
        at = read_value(reader, child, at, end);
        if (at == NULL) {
            return NULL;
        }
        at = pfx_json_space(reader, at);
        if (*at == ']') {
            return end_items(reader, node, at + 1);
        }
        if (*at != ',') {
            return NULL;
        }
        at = pfx_json_space(reader, at + 1);
    }
}

static const uint8_t *read_tuple(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at, const uint8_t *end) {
    if (*at != '[') {
        return NULL;
    }
    for (int32_t i = 0; i < node->count; i++) {
        at = pfx_json_space(reader, at + 1); /* behind the bracket or a comma */
        at = read_value(reader, &reader->nodes[node->first + i], at, end);
        if (at == NULL) {
            return NULL;
        }
        at = pfx_json_space(reader, at);
        if (*at != (i + 1 < node->count ? ',' : ']')) {
            return NULL;
        }
    }
    if (!pfx_json_room(reader, &node->column)) {
        return NULL;
    }
    pfx_out_column_filled(&node->column);
    return at + 1;
}

/* Whether two of the keys from row `first` on are the same; a failure counts as one. */
static bool come_twice(pfx_json_reader *reader, const pfx_out_column *keys, int64_t first) {
    const int32_t *offsets = (const int32_t *)keys->offsets;
    int64_t count = keys->rows - first;
    if (count < 2) {
        return false;
    }
    size_t slots = 16;
    while (slots < (size_t)count * 2) {
        slots *= 2;
    }
    reader->keys.size = 0;
    reader->failure = pfx_write_zeros(&reader->keys, slots * sizeof(int64_t));
    if (reader->failure != PFX_OK) {
        return true;
    }
    int64_t *table = (int64_t *)(void *)reader->keys.data; /* rows, counted from 1 */
    for (int64_t row = first; row < keys->rows; row++) {
        const uint8_t *key = keys->data + offsets[row];
        int32_t size = offsets[row + 1] - offsets[row];
        size_t slot = pfx_json_hash(key, (size_t)size) & (slots - 1);
        size_t probes = 0;
        for (; table[slot] != 0; slot = (slot + 1) & (slots - 1)) {
            int64_t other = table[slot] - 1;
            if (offsets[other + 1] - offsets[other] == size &&
                memcmp(keys->data + offsets[other], key, (size_t)size) == 0) {
                return true;
            }
            if (++probes > 64) { /* keys made to collide: the other decoder's hash is keyed */
                return true;
            }
        }
        table[slot] = row + 1;
    }
    return false;
}

static const uint8_t *read_map(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at, const uint8_t *end) {
    pfx_json_node *key = &reader->nodes[node->first];
    int64_t first = key->column.rows;
    if (*at != '{') {
        return NULL;
    }
    at = pfx_json_space(reader, at + 1);
    if (*at == '}') {
        return end_items(reader, node, at + 1);
    }
    for (;;) {
        if (*at != '"') {
            return NULL;
        }
        at = pfx_json_read_string(reader, &key->column, at + 1, end);
        if (at == NULL) {
            return NULL;
        }
        at = pfx_json_space(reader, at);
        if (*at != ':') {
            return NULL;
        }
        at = read_value(reader, key + 1, pfx_json_space(reader, at + 1), end);
        if (at == NULL) {
            return NULL;
        }
        at = pfx_json_space(reader, at);
        if (*at == '}') {
            return come_twice(reader, &key->column, first) ? NULL : end_items(reader, node, at + 1);
        }
        if (*at != ',') {
            return NULL;
        }
        at = pfx_json_space(reader, at + 1);
    }
}

static const uint8_t *read_value(pfx_json_reader *reader, pfx_json_node *node, const uint8_t *at, const uint8_t *end) {
    if (*at == 'n') {
        if (at[1] != 'u' || at[2] != 'l' || at[3] != 'l' || !node->nullable) {
            return NULL;
        }
        return append_null(reader, node) ? at + 4 : NULL;
    }
    switch (node->form) {
    case PFX_JSON_LIST:
        return read_list(reader, node, at, end);
    case PFX_JSON_MAP:
        return read_map(reader, node, at, end);
    case PFX_JSON_ROW:
        return read_row(reader, node, at, end);
    case PFX_JSON_TUPLE:
        return read_tuple(reader, node, at, end);
    default:
        return pfx_json_read_scalar(reader, node, at, end);
    }
}

/* ---- records ---- */

/* Take back what a node has beyond its first `rows` rows. */
static void rewind_to(pfx_json_reader *reader, pfx_json_node *node, int64_t rows) {
    pfx_out_column_cut(&node->column, rows);
    int64_t items = node->form == PFX_JSON_LIST || node->form == PFX_JSON_MAP ? node->column.data_used : rows;
    for (int32_t i = 0; i < node->count; i++) {
        rewind_to(reader, &reader->nodes[node->first + i], items);
    }
}

int64_t pfx_json_reader_rows(const pfx_json_reader *reader) {
    return reader->nodes[0].column.rows;
}

/* Read the object at `at`, where `end` is a NUL. Gives where it ends, or NULL when it is rare or there is a failure. */
static const uint8_t *read_record(pfx_json_reader *reader, const uint8_t *at, const uint8_t *end) {
    pfx_json_node *root = reader->nodes;
    int64_t rows = root->column.rows;
    at = read_row(reader, root, at, end);
    if (at == NULL) {
        rewind_to(reader, root, rows);
    }
    return at;
}

static bool is_sound(const uint8_t *from, const uint8_t *to) {
    pfx_utf8_shape shape;
    return pfx_utf8_scan(from, (size_t)(to - from), &shape) == PFX_OK;
}

pfx_status pfx_json_read_message(pfx_json_reader *reader, const uint8_t *bytes, int64_t size, int *rare) {
    const uint8_t *end = bytes + size;
    int64_t rows = pfx_json_reader_rows(reader);
    reader->breaks = true;
    const uint8_t *at = read_record(reader, pfx_json_space(reader, bytes), end);
    if (at == NULL) {
        *rare = true;
        return reader->failure;
    }
    *rare = pfx_json_space(reader, at) != end || !is_sound(bytes, end);
    if (*rare) {
        rewind_to(reader, reader->nodes, rows);
    }
    return PFX_OK;
}

static const uint8_t *line_end(const uint8_t *at, const uint8_t *end) {
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    const uint8_t *stop = newline == NULL ? end : newline;
    const uint8_t *carriage = memchr(at, '\r', (size_t)(stop - at));
    return carriage == NULL ? stop : carriage;
}

static const uint8_t *behind_line_end(const uint8_t *at, const uint8_t *end) {
    if (at < end) {
        at += *at == '\r' && end - at > 1 && at[1] == '\n' ? 2 : 1;
    }
    return at;
}

static bool ends_line(const uint8_t *at, const uint8_t *end) {
    return at == end || *at == '\n' || *at == '\r';
}

pfx_status pfx_json_read_lines(pfx_json_reader *reader, const uint8_t *bytes, int64_t size, int64_t from, int64_t rows,
                               bool sound, pfx_json_progress *out) {
    const uint8_t *end = bytes + size;
    const uint8_t *at = bytes + from;
    pfx_json_progress progress = {from, 0, false, from, 0};
    reader->breaks = false;
    while (at < end && rows > 0 && !progress.rare) {
        const uint8_t *start = at;
        int64_t before = pfx_json_reader_rows(reader);
        at = pfx_json_space(reader, start);
        if (!ends_line(at, end)) {
            at = read_record(reader, at, end);
            if (at != NULL) {
                at = pfx_json_space(reader, at);
                if (!ends_line(at, end) || !(sound || is_sound(start, at))) {
                    rewind_to(reader, reader->nodes, before);
                    at = NULL;
                }
            } else if (reader->failure != PFX_OK) {
                return reader->failure;
            }
            if (at == NULL) {
                at = line_end(start, end);
                progress.rare = true;
                progress.start = start - bytes;
                progress.length = at - start;
            }
            rows--;
        }
        at = behind_line_end(at, end);
        progress.lines++;
    }
    progress.at = at - bytes;
    *out = progress;
    return PFX_OK;
}
