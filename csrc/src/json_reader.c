/* What a JSON reader owns. */
#include <string.h>

#include "json_scan.h"
#include "pfx/json_read.h"

pfx_status pfx_json_reader_init(pfx_json_reader *reader, pfx_budget *budget, int32_t count) {
    void *memory;
    memset(reader, 0, sizeof *reader);
    reader->budget = budget;
    pfx_writer_init(&reader->names, budget);
    pfx_writer_init(&reader->keys, budget);
    if (count < 1) {
        return PFX_INVALID_ARGUMENT;
    }
    PFX_TRY(pfx_alloc_zero(budget, (int64_t)count * (int64_t)sizeof *reader->nodes, &memory));
    reader->nodes = memory;
    reader->count = count;
    return PFX_OK;
}

void pfx_json_reader_free(pfx_json_reader *reader) {
    if (reader->nodes != NULL) {
        for (int32_t i = 0; i < reader->count; i++) {
            if (reader->nodes[i].column.budget != NULL) {
                pfx_out_column_free(&reader->nodes[i].column);
            }
        }
        pfx_free(reader->budget, reader->nodes, (int64_t)reader->count * (int64_t)sizeof *reader->nodes);
        reader->nodes = NULL;
    }
    pfx_free(reader->budget, reader->table, (int64_t)(reader->table_size * sizeof *reader->table));
    reader->table = NULL;
    if (reader->budget != NULL) {
        pfx_writer_free(&reader->names);
        pfx_writer_free(&reader->keys);
    }
}

static void set_range(pfx_json_node *node, int32_t width) {
    node->highest = (int64_t)(UINT64_MAX >> (65 - 8 * width));
    node->lowest = -node->highest - 1;
}

pfx_status pfx_json_reader_set(pfx_json_reader *reader, int32_t at, pfx_json_form form, const pfx_arrow_type *type,
                               bool nullable, int32_t first, int32_t children, const uint8_t *name, size_t size) {
    if (at < 0 || at >= reader->count || type->offset_width == 8) {
        return PFX_INVALID_ARGUMENT;
    }
    pfx_json_node *node = &reader->nodes[at];
    node->form = form;
    node->nullable = nullable;
    node->first = first;
    node->count = children;
    if (form == PFX_JSON_INTEGER) {
        set_range(node, type->width);
    }
    pfx_out_column_init(&node->column, type, reader->budget);
    bool plain = true;
    for (size_t i = 0; i < size; i++) {
        plain = plain && name[i] >= 0x20 && name[i] != '"' && name[i] != '\\';
    }
    node->name = reader->names.size;
    node->name_size = plain ? size + 2 : 0;
    PFX_TRY(pfx_write_u8(&reader->names, '"'));
    PFX_TRY(pfx_write_bytes(&reader->names, name, size));
    PFX_TRY(pfx_write_u8(&reader->names, '"'));
    return pfx_write_zeros(&reader->names, 8 - (size + 2) % 8);
}

/* Whether the children stand behind their node and within the reader, and are as many as its form has. */
static bool is_whole(const pfx_json_reader *reader, int32_t at) {
    const pfx_json_node *node = &reader->nodes[at];
    int32_t wanted = node->form == PFX_JSON_LIST ? 1 : node->form == PFX_JSON_MAP ? 2 : node->count;
    if (node->form < PFX_JSON_LIST) {
        wanted = 0;
    }
    if (node->column.budget == NULL || node->count != wanted || (node->form >= PFX_JSON_ROW && node->count < 1)) {
        return false;
    }
    return node->count == 0 || (node->first > at && node->count <= reader->count - node->first);
}

static pfx_status fill_slots(pfx_json_reader *reader, pfx_json_node *node) {
    int32_t *slots = reader->table + node->slots;
    for (uint32_t slot = 0; slot <= node->mask; slot++) {
        slots[slot] = -1;
    }
    node->begun = 0;
    for (int32_t i = 0; i < node->count; i++) {
        pfx_json_node *child = &reader->nodes[node->first + i];
        const uint8_t *name = reader->names.data + child->name;
        child->follower = (i + 1) % node->count;
        if (child->name_size == 0) {
            continue;
        }
        uint32_t slot = pfx_json_hash(name, child->name_size) & node->mask;
        for (; slots[slot] >= 0; slot = (slot + 1) & node->mask) {
            const pfx_json_node *other = &reader->nodes[node->first + slots[slot]];
            if (other->name_size == child->name_size &&
                memcmp(reader->names.data + other->name, name, child->name_size) == 0) {
                return PFX_INVALID_ARGUMENT;
            }
        }
        slots[slot] = i;
    }
    return PFX_OK;
}

pfx_status pfx_json_reader_ready(pfx_json_reader *reader) {
    size_t total = 0;
    void *memory;
    if (reader->nodes[0].form != PFX_JSON_ROW) {
        return PFX_INVALID_ARGUMENT;
    }
    for (int32_t i = 0; i < reader->count; i++) {
        pfx_json_node *node = &reader->nodes[i];
        if (!is_whole(reader, i)) {
            return PFX_INVALID_ARGUMENT;
        }
        if (node->form == PFX_JSON_ROW) {
            uint32_t slots = 4;
            while (slots < (uint32_t)node->count * 2) {
                slots *= 2;
            }
            node->slots = total;
            node->mask = slots - 1;
            total += slots;
        }
    }
    PFX_TRY(pfx_alloc(reader->budget, (int64_t)(total * sizeof *reader->table), &memory));
    reader->table = memory;
    reader->table_size = total;
    for (int32_t i = 0; i < reader->count; i++) {
        if (reader->nodes[i].form == PFX_JSON_ROW) {
            PFX_TRY(fill_slots(reader, &reader->nodes[i]));
        }
    }
    return PFX_OK;
}

pfx_status pfx_json_reader_column(pfx_json_reader *reader, int32_t at, pfx_out_column **out) {
    if (at < 0 || at >= reader->count) {
        return PFX_INVALID_ARGUMENT;
    }
    pfx_out_column *column = &reader->nodes[at].column;
    PFX_TRY(pfx_out_column_room(column)); /* so that also a column without rows has its blocks */
    PFX_TRY(pfx_out_column_trim(column));
    *out = column;
    return PFX_OK;
}
