/* Memory segments: a fixed number of equal pieces of memory that pipelines share, wait for and give back.
 *
 * Ownership. The caller owns the pfx_segment_pool and must not move it. The pool owns its segments; whoever requests
 * one holds a reference to it, may take more with retain, and gives each back with release. With the last reference
 * the segment returns to the pool and one waiting request gets it. The pool never grows: all segments are there from
 * init on.
 *
 * Memory. One block for all segments: a fault of sizing shows at start, and segment i lies at base + i * segment_size,
 * which is what a mapping shared between processes needs. The system commits pages when they are first touched and the
 * free list is last in, first out, so memory that is never needed is never resident.
 *
 * Threads. Every function on a pool, and retain and release, may be called from any thread at the same time; init and
 * destroy may not. The bytes of a segment are not guarded: those who share one agree on who writes.
 *
 * Use after release. Access through the functions of segment_access.h answers PFX_WRONG_STATE while the segment is in
 * the pool. In debug builds (PFX_DEBUG) released bytes are also overwritten with PFX_SEGMENT_POISON, a write to them is
 * found at the next request of that segment, and under AddressSanitizer any access to them stops the program. */
#ifndef PFX_SEGMENT_H
#define PFX_SEGMENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pfx/memory.h"
#include "pfx/monitor.h"
#include "pfx/status.h"

#define PFX_SEGMENT_MIN_SIZE 4096
#define PFX_SEGMENT_MAX_SIZE (INT64_C(1) << 30)
#define PFX_SEGMENT_POISON 0xDD

typedef struct pfx_segment {
    uint8_t *data;
    int64_t size;
    struct pfx_segment_pool *pool;
    struct pfx_segment *next_free; /* meaningful in the pool only */
    _Atomic int64_t references;    /* 0: in the pool */
    bool poisoned;                 /* its bytes were overwritten at release */
} pfx_segment;

typedef struct pfx_segment_pool {
    pfx_monitor monitor; /* guards everything below but `segments[i].references` */
    pfx_budget *budget;
    pfx_segment *segments;
    pfx_segment *free;
    uint8_t *base;
    bool owns_base;
    bool closed;
    int64_t segment_size;
    int64_t total;
    int64_t in_use;
    int64_t peak; /* the largest `in_use` seen */
} pfx_segment_pool;

/* Set up a pool of `total` segments of `segment_size` bytes (a power of two from PFX_SEGMENT_MIN_SIZE to
 * PFX_SEGMENT_MAX_SIZE). `base` is total * segment_size bytes aligned to 64 that the caller provides, keeps until
 * destroy and has charged where it belongs (a shared mapping, say); its bytes are left as they are. When it is NULL the
 * pool allocates them. The budget is charged for that and for the pool's own records and must outlive the pool. On
 * failure the pool holds nothing and needs no destroy. */
pfx_status pfx_segment_pool_init(pfx_segment_pool *pool, pfx_budget *budget, void *base, int64_t segment_size,
                                 int64_t total);

/* Free everything, closed or not. No segment may be out, and nobody may wait. */
void pfx_segment_pool_destroy(pfx_segment_pool *pool);

/* A segment with one reference, which is the caller's; its bytes are whatever was left there. When none is free, wait
 * `timeout` nanoseconds (0: not at all; negative: without end) for one, then PFX_TIMEOUT. PFX_WRONG_STATE when the pool
 * is closed, also while waiting. PFX_CORRUPT (debug builds only): somebody wrote to the segment after its release. */
pfx_status pfx_segment_pool_request(pfx_segment_pool *pool, int64_t timeout, pfx_segment **out);

/* From now on, refuse every request, also those that wait. Wait `timeout` nanoseconds (as above) until all segments
 * are back, and free the memory; PFX_TIMEOUT when some are still out, which leaves their memory valid and lets close
 * be called again. */
pfx_status pfx_segment_pool_close(pfx_segment_pool *pool, int64_t timeout);

/* Segments that are out now, and the most that ever were at once. */
int64_t pfx_segment_pool_in_use(pfx_segment_pool *pool);
int64_t pfx_segment_pool_peak(pfx_segment_pool *pool);

bool pfx_segment_pool_closed(pfx_segment_pool *pool);

/* One reference more. PFX_WRONG_STATE when the segment is in the pool. */
pfx_status pfx_segment_retain(pfx_segment *segment);

/* One reference less; the last one returns the segment to its pool. PFX_WRONG_STATE when it is there already. */
pfx_status pfx_segment_release(pfx_segment *segment);

/* How many references are held; 0 in the pool. Another thread may change it at once. */
int64_t pfx_segment_references(const pfx_segment *segment);

#endif
