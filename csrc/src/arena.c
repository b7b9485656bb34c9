#if defined(__linux__)
#define _GNU_SOURCE /* memfd_create, seals */
#endif

#include "pfx/arena.h"

#include <errno.h>
#include <string.h>

#include "pfx/segment.h"

#if PFX_ARENAS

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x616e657261786670) /* "pfxarena" */
#define VERSION 1
#define PAGE 4096
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

#if !defined(MFD_NOEXEC_SEAL)
#define MFD_NOEXEC_SEAL 8U /* from Linux 6.3 on, where a system may refuse files without it */
#endif

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a lock of one process means nothing to another");
_Static_assert(sizeof(pfx_event) <= PFX_LINE, "an event has a cache line of its own");
_Static_assert(sizeof(pfx_slot) == PFX_LINE, "a slot has a cache line of its own");

/* Offsets from the start of the mapping. Pools and channels come first, as attach must read them to know the rest. */
typedef struct layout {
    int64_t pools;
    int64_t channels;
    int64_t events;
    int64_t slots;
    int64_t rings;
    int64_t data;
    int64_t nbytes;
} layout;

/* None of this overflows: 2^20 objects of at most 256 bytes, rings of 2^20 * 2^20 * 16, segments of 2^31 * 2^30. */
static layout lay_out(int64_t events, int64_t pools, int64_t channels, int64_t capacity, int64_t segments,
                      int64_t segment_size) {
    layout at;
    at.pools = (int64_t)sizeof(pfx_arena_words);
    at.channels = at.pools + pools * (int64_t)sizeof(pfx_pool_words);
    at.events = at.channels + channels * (int64_t)sizeof(pfx_channel_words);
    at.slots = at.events + events * PFX_LINE;
    at.rings = at.slots + segments * (int64_t)sizeof(pfx_slot);
    at.data = at.rings + channels * capacity * (int64_t)sizeof(pfx_entry_words);
    at.data = (at.data + PAGE - 1) / PAGE * PAGE;
    at.nbytes = at.data + segments * segment_size;
    return at;
}

static bool power_of_two(uint32_t value, uint32_t least, uint32_t most) {
    return value >= least && value <= most && (value & (value - 1)) == 0;
}

static bool counts_possible(uint32_t events, uint32_t pools, uint32_t channels, uint32_t capacity,
                            uint32_t segment_size) {
    return events >= 1 && events <= PFX_ARENA_MAX_OBJECTS && pools <= PFX_ARENA_MAX_OBJECTS &&
           channels <= PFX_ARENA_MAX_OBJECTS && power_of_two(capacity, PFX_RING_MIN_CAPACITY, PFX_RING_MAX_CAPACITY) &&
           power_of_two(segment_size, PFX_SEGMENT_MIN_SIZE, PFX_SEGMENT_MAX_SIZE);
}

/* Fill in this process's records from numbers that were checked; `spec` is complete. */
static void place(pfx_arena *arena, uint8_t *base, const layout *at, const pfx_arena_spec *spec) {
    int64_t first = 0;
    arena->events = base + at->events;
    for (uint32_t i = 0; i < spec->pools; i++) {
        pfx_pool *pool = &arena->pools[i];
        pool->words = (pfx_pool_words *)(base + at->pools) + i;
        pool->slots = (pfx_slot *)(base + at->slots) + first;
        pool->data = base + at->data + first * spec->segment_size;
        pool->event_index = spec->pool[i].event;
        pool->event = pfx_arena_event(arena, pool->event_index);
        pool->segments = spec->pool[i].segments;
        pool->segment_size = spec->segment_size;
        first += pool->segments;
    }
    for (uint32_t i = 0; i < spec->channels; i++) {
        pfx_channel *channel = &arena->channels[i];
        channel->words = (pfx_channel_words *)(base + at->channels) + i;
        channel->ring = (pfx_entry_words *)(base + at->rings) + (int64_t)i * spec->ring_capacity;
        channel->pool = &arena->pools[spec->channel[i].pool];
        channel->producer_index = spec->channel[i].producer;
        channel->consumer_index = spec->channel[i].consumer;
        channel->producer = pfx_arena_event(arena, channel->producer_index);
        channel->consumer = pfx_arena_event(arena, channel->consumer_index);
        channel->capacity = spec->ring_capacity;
    }
    arena->words = (pfx_arena_words *)base;
    arena->nbytes = at->nbytes;
    arena->event_count = spec->events;
    arena->pool_count = spec->pools;
    arena->channel_count = spec->channels;
    arena->segment_size = spec->segment_size;
    arena->ring_capacity = spec->ring_capacity;
}

/* Whether events and pools exist and a pool's channels signal its event; the segments of all pools. */
static bool wiring_possible(const pfx_arena_spec *spec, int64_t *segments) {
    int64_t total = 0;
    for (uint32_t i = 0; i < spec->pools; i++) {
        if (spec->pool[i].segments < 1 || spec->pool[i].event >= spec->events) {
            return false;
        }
        total += spec->pool[i].segments;
    }
    for (uint32_t i = 0; i < spec->channels; i++) {
        const pfx_channel_spec *channel = &spec->channel[i];
        if (channel->pool >= spec->pools || channel->consumer >= spec->events ||
            channel->producer != spec->pool[channel->pool].event) {
            return false;
        }
    }
    *segments = total;
    return total <= PFX_ARENA_MAX_SEGMENTS;
}

static int64_t record_bytes(const pfx_arena_spec *spec) {
    return (int64_t)(spec->pools * sizeof(pfx_pool)) + (int64_t)(spec->channels * sizeof(pfx_channel));
}

static pfx_status allocate_records(pfx_arena *arena, const pfx_arena_spec *spec) {
    void *records = NULL;
    PFX_TRY(pfx_alloc_zero(arena->budget, record_bytes(spec), &records));
    arena->pools = records;
    arena->channels = (pfx_channel *)(arena->pools + spec->pools);
    arena->pool_count = spec->pools;
    arena->channel_count = spec->channels;
    return PFX_OK;
}

static uint64_t first_credit(const pfx_arena *arena, const pfx_arena_spec *spec, const pfx_channel *channel) {
    if (spec->credit >= 0) {
        return (uint64_t)spec->credit;
    }
    uint64_t sharing = 0;
    for (uint32_t i = 0; i < arena->channel_count; i++) {
        sharing += arena->channels[i].pool == channel->pool;
    }
    return (uint64_t)channel->pool->segments * channel->pool->segment_size / sharing;
}

/* A file of zeros becomes an arena. */
static void fill_in(pfx_arena *arena, const pfx_arena_spec *spec) {
    for (uint32_t i = 0; i < spec->pools; i++) {
        pfx_pool *pool = &arena->pools[i];
        pool->words->segments = pool->segments;
        pool->words->event = pool->event_index;
        for (uint32_t index = 0; index < pool->segments; index++) {
            atomic_init(&pool->slots[index].next, index + 1);
        }
        atomic_init(&pool->words->free, 0);
    }
    for (uint32_t i = 0; i < spec->channels; i++) {
        pfx_channel *channel = &arena->channels[i];
        channel->words->pool = spec->channel[i].pool;
        channel->words->producer = channel->producer_index;
        channel->words->consumer = channel->consumer_index;
        atomic_init(&channel->words->credit, first_credit(arena, spec, channel));
    }
    arena->words->version = VERSION;
    arena->words->events = spec->events;
    arena->words->pools = spec->pools;
    arena->words->channels = spec->channels;
    arena->words->ring_capacity = spec->ring_capacity;
    arena->words->segment_size = spec->segment_size;
    arena->words->nbytes = (uint64_t)arena->nbytes;
    arena->words->magic = MAGIC;
}

/* Close, with errno as it was. */
static pfx_status give_up(pfx_arena *arena, pfx_status status) {
    int error = errno;
    pfx_arena_close(arena);
    errno = error;
    return status;
}

static int anonymous_file(void) {
    const char *name = "pyflinkx-arena";
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    return fd < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}

static pfx_status map(int fd, int64_t nbytes, uint8_t **out) {
    void *base = mmap(NULL, (size_t)nbytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) {
        return PFX_SYSTEM;
    }
    *out = base;
    return PFX_OK;
}

pfx_status pfx_arena_create(pfx_arena *arena, const pfx_arena_spec *spec, pfx_budget *budget) {
    int64_t segments = 0;
    if (!counts_possible(spec->events, spec->pools, spec->channels, spec->ring_capacity, spec->segment_size) ||
        !wiring_possible(spec, &segments)) {
        return PFX_INVALID_ARGUMENT;
    }
    layout at = lay_out(spec->events, spec->pools, spec->channels, spec->ring_capacity, segments, spec->segment_size);
    *arena = (pfx_arena){.budget = budget, .fd = -1};
    PFX_TRY(pfx_budget_charge(budget, at.nbytes));
    arena->charged = at.nbytes;
    pfx_status status = allocate_records(arena, spec);
    if (status != PFX_OK) {
        return give_up(arena, status);
    }
    arena->fd = anonymous_file();
    if (arena->fd < 0 || ftruncate(arena->fd, at.nbytes) != 0 ||
        fcntl(arena->fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) != 0) {
        return give_up(arena, PFX_SYSTEM);
    }
    uint8_t *base = NULL;
    status = map(arena->fd, at.nbytes, &base);
    if (status != PFX_OK) {
        return give_up(arena, status);
    }
    place(arena, base, &at, spec);
    fill_in(arena, spec);
    return PFX_OK;
}

/* The specification that the mapped bytes state, in new memory of `bytes` bytes at *memory. */
static pfx_status read_spec(pfx_budget *budget, const uint8_t *base, int64_t nbytes, pfx_arena_spec *spec,
                            void **memory, int64_t *bytes) {
    pfx_arena_words words;
    memcpy(&words, base, sizeof words);
    if (words.magic != MAGIC || words.version != VERSION || words.nbytes != (uint64_t)nbytes ||
        !counts_possible(words.events, words.pools, words.channels, words.ring_capacity, words.segment_size)) {
        return PFX_CORRUPT;
    }
    layout at = lay_out(words.events, words.pools, words.channels, words.ring_capacity, 0, words.segment_size);
    if (at.nbytes > nbytes) {
        return PFX_CORRUPT;
    }
    *bytes = (int64_t)(words.pools * sizeof(pfx_pool_spec) + words.channels * sizeof(pfx_channel_spec));
    PFX_TRY(pfx_alloc(budget, *bytes, memory));
    pfx_pool_spec *pools = *memory;
    pfx_channel_spec *channels = (pfx_channel_spec *)(pools + words.pools);
    for (uint32_t i = 0; i < words.pools; i++) {
        memcpy(&pools[i], base + at.pools + i * sizeof(pfx_pool_words), sizeof(pfx_pool_spec));
    }
    for (uint32_t i = 0; i < words.channels; i++) {
        memcpy(&channels[i], base + at.channels + i * sizeof(pfx_channel_words), sizeof(pfx_channel_spec));
    }
    *spec = (pfx_arena_spec){.events = words.events,
                             .pools = words.pools,
                             .channels = words.channels,
                             .ring_capacity = words.ring_capacity,
                             .segment_size = words.segment_size,
                             .pool = pools,
                             .channel = channels};
    return PFX_OK;
}

static pfx_status attach_mapping(pfx_arena *arena, uint8_t *base) {
    pfx_arena_spec spec = {0};
    void *memory = NULL;
    int64_t bytes = 0;
    pfx_status status = read_spec(arena->budget, base, arena->nbytes, &spec, &memory, &bytes);
    int64_t segments = 0;
    if (status == PFX_OK && !wiring_possible(&spec, &segments)) {
        status = PFX_CORRUPT;
    }
    if (status == PFX_OK) {
        layout at = lay_out(spec.events, spec.pools, spec.channels, spec.ring_capacity, segments, spec.segment_size);
        status = at.nbytes == arena->nbytes ? allocate_records(arena, &spec) : PFX_CORRUPT;
        if (status == PFX_OK) {
            place(arena, base, &at, &spec);
        }
    }
    pfx_free(arena->budget, memory, bytes);
    return status;
}

pfx_status pfx_arena_attach(pfx_arena *arena, int fd, pfx_budget *budget) {
    *arena = (pfx_arena){.budget = budget, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)};
    if (arena->fd < 0) {
        return PFX_SYSTEM;
    }
    int seals = fcntl(arena->fd, F_GET_SEALS);
    struct stat file;
    if (fstat(arena->fd, &file) != 0) {
        return give_up(arena, PFX_SYSTEM);
    }
    if (seals < 0 || (seals & SEALS) != SEALS || file.st_size < (int64_t)sizeof(pfx_arena_words)) {
        return give_up(arena, PFX_CORRUPT);
    }
    uint8_t *base = NULL;
    pfx_status status = map(arena->fd, file.st_size, &base);
    if (status != PFX_OK) {
        return give_up(arena, status);
    }
    arena->words = (pfx_arena_words *)base;
    arena->nbytes = file.st_size;
    status = attach_mapping(arena, base);
    return status == PFX_OK ? PFX_OK : give_up(arena, status);
}

void pfx_arena_close(pfx_arena *arena) {
    if (arena->words != NULL) {
        munmap(arena->words, (size_t)arena->nbytes);
    }
    if (arena->fd >= 0) {
        close(arena->fd);
    }
    int64_t records = (int64_t)(arena->pool_count * sizeof(pfx_pool) + arena->channel_count * sizeof(pfx_channel));
    pfx_free(arena->budget, arena->pools, records);
    if (arena->charged > 0) {
        pfx_budget_refund(arena->budget, arena->charged);
    }
    *arena = (pfx_arena){.budget = arena->budget, .fd = -1};
}

#else

pfx_status pfx_arena_create(pfx_arena *arena, const pfx_arena_spec *spec, pfx_budget *budget) {
    (void)spec;
    *arena = (pfx_arena){.budget = budget, .fd = -1};
    errno = ENOTSUP;
    return PFX_SYSTEM;
}

pfx_status pfx_arena_attach(pfx_arena *arena, int fd, pfx_budget *budget) {
    (void)fd;
    *arena = (pfx_arena){.budget = budget, .fd = -1};
    errno = ENOTSUP;
    return PFX_SYSTEM;
}

void pfx_arena_close(pfx_arena *arena) {
    (void)arena;
}

#endif

pfx_event *pfx_arena_event(const pfx_arena *arena, uint32_t index) {
    return (pfx_event *)(arena->events + (int64_t)index * PFX_LINE);
}

void pfx_arena_cancel(pfx_arena *arena) {
    atomic_store(&arena->words->cancelled, 1);
    for (uint32_t i = 0; i < arena->event_count; i++) {
        pfx_event_signal(pfx_arena_event(arena, i));
    }
}

bool pfx_arena_cancelled(const pfx_arena *arena) {
    return atomic_load_explicit(&arena->words->cancelled, memory_order_acquire) != 0;
}
