/* Frames over channels: the sender cuts them into segments, the receiver puts them together again.
 *
 * A frame is 8 bytes with its length and then so many bytes, spread over segments of the producer's pool; each segment
 * is pushed when it is full, so the receiver copies while the sender still writes. Control elements (a kind from 1 to
 * 15 and a 64-bit value) lie between frames, in order, and need no segment.
 *
 * Neither side waits here: where one would have to, its function answers PFX_TIMEOUT and continues where it stopped
 * when it is called again, which is worth the while once the event has been signalled (see event.h; prepare comes
 * before the call).
 *
 * Ownership. Both belong to their caller and refer to an arena that must outlive them. One thread at a time.
 *
 * Errors. PFX_CLOSED when the arena was cancelled; PFX_CORRUPT when what lies in the arena cannot have been written by
 * a sender, and then again at every later call. */
#ifndef PFX_EXCHANGE_H
#define PFX_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "pfx/arena.h"
#include "pfx/ring.h"
#include "pfx/status.h"

#define PFX_FRAME_HEADER 8

/* Borrowed bytes. */
typedef struct pfx_part {
    const uint8_t *data;
    int64_t size;
} pfx_part;

typedef struct pfx_sender {
    pfx_arena *arena;
    pfx_pool *pool;
    pfx_channel **channels; /* an array of the caller's */
    uint32_t count;
    const pfx_part *parts; /* of the frame that is being sent, as far as it was not yet sent */
    int64_t offset;        /* in parts[0] */
    int64_t left;          /* bytes of the frame, with its header */
    int64_t size;          /* of the frame, without it */
    uint32_t unsignalled;  /* segments that the consumers were not told of */
} pfx_sender;

/* Send to all of `channels` (one or more, all of one pool) whatever is sent. */
void pfx_sender_init(pfx_sender *sender, pfx_arena *arena, pfx_channel **channels, uint32_t count);

/* Begin a frame made of all the parts, which stay the caller's and as they are until it is sent. PFX_WRONG_STATE: the
 * last frame was sent in part only; PFX_OVERFLOW: the frame's length does not fit 64 bits. */
pfx_status pfx_sender_begin(pfx_sender *sender, const pfx_part *parts, int64_t count);

/* Go on with the frame: PFX_OK when all of it is sent, PFX_TIMEOUT when the rest must wait. */
pfx_status pfx_sender_send(pfx_sender *sender);

/* Send a control element, to all channels or (PFX_TIMEOUT) to none yet. PFX_INVALID_ARGUMENT: no such kind;
 * PFX_WRONG_STATE as with begin. */
pfx_status pfx_sender_control(pfx_sender *sender, uint32_t kind, int64_t value);

/* PFX_OK when a frame could begin now; PFX_TIMEOUT when not, and then the producer's event will be signalled. */
pfx_status pfx_sender_ready(pfx_sender *sender);

typedef struct pfx_receiver {
    pfx_arena *arena;
    pfx_channel *channel;
    pfx_budget *budget;
    int64_t max_frame;
    uint8_t *frame; /* NULL: between frames */
    int64_t size;
    int64_t filled;
    bool complete;
    bool damaged;
} pfx_receiver;

typedef struct pfx_received {
    uint32_t kind; /* PFX_ENTRY_DATA: a frame, to be had from take; else of a control element */
    int64_t value; /* of the control element; the frame's length */
} pfx_received;

/* Receive from `channel`. Frames are charged to `budget` and have at most `max_frame` bytes; longer ones are corrupt.
 */
void pfx_receiver_init(pfx_receiver *receiver, pfx_arena *arena, pfx_channel *channel, int64_t max_frame,
                       pfx_budget *budget);

/* Free a frame that was not taken. */
void pfx_receiver_reset(pfx_receiver *receiver);

/* The next control element or frame; PFX_TIMEOUT when none is complete. PFX_NO_MEMORY, PFX_OVER_BUDGET: there is no
 * memory for the frame; it stays where it is, and may be had later. */
pfx_status pfx_receiver_next(pfx_receiver *receiver, pfx_received *out);

/* The frame that next announced; the memory (of pfx_alloc, `size` bytes of the receiver's budget) becomes the caller's.
 */
uint8_t *pfx_receiver_take(pfx_receiver *receiver, int64_t *size);

#endif
