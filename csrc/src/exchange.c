#include "pfx/exchange.h"

#include <string.h>

/* How many segments of a long frame go before the consumers hear of them: a sleeping consumer that is woken for each
 * segment sleeps again before the next one is full. */
#define SEGMENTS_PER_SIGNAL 8

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* ---- sender ---- */

void pfx_sender_init(pfx_sender *sender, pfx_arena *arena, pfx_channel **channels, uint32_t count) {
    *sender = (pfx_sender){.arena = arena, .pool = channels[0]->pool, .channels = channels, .count = count};
}

static void signal_consumers(pfx_sender *sender) {
    for (uint32_t i = 0; i < sender->count; i++) {
        pfx_event_signal(sender->channels[i]->consumer);
    }
    sender->unsignalled = 0;
}

/* Room for that many bytes (0: for a control element) in all channels. */
static pfx_status room(pfx_sender *sender, uint32_t length) {
    if (pfx_arena_cancelled(sender->arena)) {
        return PFX_CLOSED;
    }
    for (uint32_t i = 0; i < sender->count; i++) {
        PFX_TRY(pfx_channel_room(sender->channels[i], length));
    }
    return PFX_OK;
}

static void push(pfx_sender *sender, pfx_entry entry) {
    for (uint32_t i = 0; i < sender->count; i++) {
        pfx_channel_push(sender->channels[i], entry);
    }
}

/* Move `length` bytes of the parts to `to`. */
static void copy_parts(pfx_sender *sender, uint8_t *to, int64_t length) {
    while (length > 0) {
        int64_t size = least(length, sender->parts->size - sender->offset);
        if (size > 0) {
            memcpy(to, sender->parts->data + sender->offset, (size_t)size);
        }
        to += size;
        length -= size;
        sender->offset += size;
        if (sender->offset == sender->parts->size) {
            sender->parts++;
            sender->offset = 0;
        }
    }
}

static void fill(pfx_sender *sender, uint8_t *segment, int64_t length) {
    int64_t header = 0;
    if (sender->left == sender->size + PFX_FRAME_HEADER) {
        uint64_t size = (uint64_t)sender->size;
        memcpy(segment, &size, sizeof size);
        header = PFX_FRAME_HEADER;
    }
    copy_parts(sender, segment + header, length - header);
    sender->left -= length;
}

/* PFX_WRONG_STATE when some of a frame is out and the rest is not; once the arena is cancelled that says nothing. */
static pfx_status check_between_frames(const pfx_sender *sender) {
    if (pfx_arena_cancelled(sender->arena)) {
        return PFX_CLOSED;
    }
    return sender->left > 0 && sender->left < sender->size + PFX_FRAME_HEADER ? PFX_WRONG_STATE : PFX_OK;
}

pfx_status pfx_sender_begin(pfx_sender *sender, const pfx_part *parts, int64_t count) {
    int64_t size = 0;
    PFX_TRY(check_between_frames(sender));
    for (int64_t i = 0; i < count; i++) {
        if (parts[i].size > INT64_MAX - PFX_FRAME_HEADER - size) {
            return PFX_OVERFLOW;
        }
        size += parts[i].size;
    }
    sender->parts = parts;
    sender->offset = 0;
    sender->size = size;
    sender->left = size + PFX_FRAME_HEADER;
    return PFX_OK;
}

static pfx_status send_segment(pfx_sender *sender) {
    uint32_t length = (uint32_t)least(sender->left, sender->pool->segment_size);
    uint32_t index = 0;
    PFX_TRY(room(sender, length));
    PFX_TRY(pfx_pool_take(sender->pool, sender->count, &index));
    fill(sender, pfx_pool_segment(sender->pool, index), length);
    uint32_t last = sender->left == 0 ? PFX_ENTRY_LAST : 0;
    push(sender, (pfx_entry){.kind = PFX_ENTRY_DATA | last, .length = length, .value = index});
    sender->unsignalled++;
    return PFX_OK;
}

pfx_status pfx_sender_send(pfx_sender *sender) {
    pfx_status status = PFX_OK;
    while (sender->left > 0 && status == PFX_OK) {
        status = send_segment(sender);
        if (sender->unsignalled >= SEGMENTS_PER_SIGNAL) {
            signal_consumers(sender);
        }
    }
    if (sender->unsignalled > 0) {
        signal_consumers(sender);
    }
    return status;
}

pfx_status pfx_sender_control(pfx_sender *sender, uint32_t kind, int64_t value) {
    if (kind < 1 || kind > PFX_ENTRY_MAX_CONTROL) {
        return PFX_INVALID_ARGUMENT;
    }
    PFX_TRY(check_between_frames(sender));
    PFX_TRY(room(sender, 0));
    push(sender, (pfx_entry){.kind = kind, .value = (uint64_t)value});
    signal_consumers(sender);
    return PFX_OK;
}

pfx_status pfx_sender_ready(pfx_sender *sender) {
    PFX_TRY(room(sender, sender->pool->segment_size));
    return pfx_pool_ready(sender->pool) ? PFX_OK : PFX_TIMEOUT;
}

/* ---- receiver ---- */

void pfx_receiver_init(pfx_receiver *receiver, pfx_arena *arena, pfx_channel *channel, int64_t max_frame,
                       pfx_budget *budget) {
    *receiver = (pfx_receiver){.arena = arena, .channel = channel, .budget = budget, .max_frame = max_frame};
}

void pfx_receiver_reset(pfx_receiver *receiver) {
    pfx_free(receiver->budget, receiver->frame, receiver->size);
    receiver->frame = NULL;
}

/* Memory for the frame that begins with this segment. */
static pfx_status open_frame(pfx_receiver *receiver, const uint8_t *segment) {
    uint64_t size = 0;
    memcpy(&size, segment, sizeof size);
    if (size > (uint64_t)receiver->max_frame) {
        return PFX_CORRUPT;
    }
    void *memory = NULL;
    PFX_TRY(pfx_alloc(receiver->budget, (int64_t)size, &memory));
    receiver->frame = memory;
    receiver->size = (int64_t)size;
    receiver->filled = 0;
    receiver->complete = false;
    return PFX_OK;
}

static pfx_status receive_segment(pfx_receiver *receiver, pfx_entry entry) {
    pfx_pool *pool = receiver->channel->pool;
    bool last = (entry.kind & PFX_ENTRY_LAST) != 0;
    if ((entry.kind & ~(uint32_t)PFX_ENTRY_LAST) != PFX_ENTRY_DATA || entry.value >= pool->segments ||
        entry.length > pool->segment_size) {
        return PFX_CORRUPT;
    }
    const uint8_t *segment = pfx_pool_segment(pool, (uint32_t)entry.value);
    int64_t header = 0;
    if (receiver->frame == NULL) {
        header = PFX_FRAME_HEADER;
        if (entry.length < PFX_FRAME_HEADER) {
            return PFX_CORRUPT;
        }
        PFX_TRY(open_frame(receiver, segment));
    }
    int64_t length = (int64_t)entry.length - header;
    int64_t missing = receiver->size - receiver->filled;
    /* Only an empty frame has a segment that brings nothing. */
    if (length > missing || last != (length == missing) || (length == 0 && receiver->size > 0)) {
        return PFX_CORRUPT;
    }
    memcpy(receiver->frame + receiver->filled, segment + header, (size_t)length);
    PFX_TRY(pfx_pool_release(pool, (uint32_t)entry.value));
    receiver->filled += length;
    receiver->complete = last;
    pfx_channel_pop(receiver->channel, entry.length);
    return PFX_OK;
}

/* Take one entry off the ring: a control element, or a piece of a frame. */
static pfx_status receive_entry(pfx_receiver *receiver, pfx_received *out) {
    pfx_entry entry;
    PFX_TRY(pfx_channel_peek(receiver->channel, &entry));
    if (entry.kind > PFX_ENTRY_MAX_CONTROL) {
        out->kind = PFX_ENTRY_DATA;
        return receive_segment(receiver, entry);
    }
    if (entry.kind == 0 || entry.length != 0 || receiver->frame != NULL) {
        return PFX_CORRUPT;
    }
    out->kind = entry.kind;
    out->value = (int64_t)entry.value;
    pfx_channel_pop(receiver->channel, 0);
    return PFX_OK;
}

pfx_status pfx_receiver_next(pfx_receiver *receiver, pfx_received *out) {
    pfx_status status = receiver->damaged ? PFX_CORRUPT : PFX_OK;
    out->kind = PFX_ENTRY_DATA;
    while (status == PFX_OK && out->kind == PFX_ENTRY_DATA && !receiver->complete) {
        status = pfx_arena_cancelled(receiver->arena) ? PFX_CLOSED : receive_entry(receiver, out);
    }
    receiver->damaged = status == PFX_CORRUPT;
    if (status == PFX_OK && out->kind == PFX_ENTRY_DATA) {
        out->value = receiver->size;
    }
    return status;
}

uint8_t *pfx_receiver_take(pfx_receiver *receiver, int64_t *size) {
    uint8_t *frame = receiver->frame;
    *size = receiver->size;
    receiver->frame = NULL;
    receiver->complete = false;
    return frame;
}
