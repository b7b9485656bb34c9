/* What only C can do to a segment pool; run by test_segment_native.py, one check by name a run. */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "pfx/segment.h"
#include "pfx/segment_access.h"

#define SIZE 4096

static pfx_budget budget;
static pfx_segment_pool pool;

static pfx_segment *request(void) {
    pfx_segment *segment = NULL;
    EXPECT(pfx_segment_pool_request(&pool, 0, &segment) == PFX_OK);
    return segment;
}

static void check_arguments(void) {
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, 2048, 1) == PFX_INVALID_ARGUMENT);
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, 5000, 1) == PFX_INVALID_ARGUMENT);
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, -SIZE, 1) == PFX_INVALID_ARGUMENT);
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, PFX_SEGMENT_MAX_SIZE * 2, 1) == PFX_INVALID_ARGUMENT);
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, SIZE, 0) == PFX_INVALID_ARGUMENT);
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, SIZE, INT64_MAX / SIZE + 1) == PFX_INVALID_ARGUMENT);
    EXPECT(pfx_segment_pool_init(&pool, &budget, (void *)8, SIZE, 1) == PFX_INVALID_ARGUMENT);
    EXPECT(pfx_budget_used(&budget) == 0);
}

/* A budget with room for the segments but not for the records leaves nothing behind. */
static void check_half_failure(void) {
    pfx_budget small;
    pfx_budget_init(&small, 4 * SIZE);
    EXPECT(pfx_segment_pool_init(&pool, &small, NULL, SIZE, 4) == PFX_OVER_BUDGET);
    EXPECT(pfx_budget_used(&small) == 0);
}

static void check_provided_memory(void) {
    static _Alignas(64) uint8_t memory[4 * SIZE];
    uint8_t *volatile mapping = memory; /* the sanitizer does not check what the compiler knows to be in bounds */
    memset(mapping, 7, sizeof memory);
    EXPECT(pfx_segment_pool_init(&pool, &budget, mapping, SIZE, 4) == PFX_OK);
    EXPECT(pfx_budget_used(&budget) == 4 * (int64_t)sizeof(pfx_segment));
    pfx_segment *segment = NULL;
    for (int i = 0; i < 4; i++) {
        segment = request();
        EXPECT(segment->data == mapping + i * SIZE);
        EXPECT(segment->data[0] == 7 && segment->data[SIZE - 1] == 7);
        EXPECT(pfx_segment_put_i64(segment, 0, i) == PFX_OK);
    }
    for (int i = 0; i < 4; i++) {
        EXPECT(mapping[(int64_t)i * SIZE] == i);
    }
    EXPECT(pfx_segment_release(segment) == PFX_OK);
    pfx_segment_pool_destroy(&pool);
    /* The memory is still there, and AddressSanitizer lets its owner in again. */
    EXPECT(mapping[0] == 0 && mapping[SIZE] == 1 && mapping[3 * SIZE] == PFX_SEGMENT_POISON);
    EXPECT(pfx_budget_used(&budget) == 0);
}

static void check_use_after_release(void) {
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, SIZE, 2) == PFX_OK);
    pfx_segment *segment = request();
    int64_t value = 0;
    EXPECT(pfx_segment_put_i64(segment, 0, 1) == PFX_OK);
    EXPECT(pfx_segment_retain(segment) == PFX_OK);
    EXPECT(pfx_segment_release(segment) == PFX_OK);
    EXPECT(pfx_segment_get_i64(segment, 0, &value) == PFX_OK && value == 1);
    EXPECT(pfx_segment_release(segment) == PFX_OK);
    EXPECT(pfx_segment_release(segment) == PFX_WRONG_STATE);
    EXPECT(pfx_segment_retain(segment) == PFX_WRONG_STATE);
    EXPECT(pfx_segment_put_i64(segment, 0, 2) == PFX_WRONG_STATE);
    EXPECT(pfx_segment_get_i64(segment, 0, &value) == PFX_WRONG_STATE);
    EXPECT(pfx_segment_pool_in_use(&pool) == 0);
    pfx_segment_pool_destroy(&pool);
}

/* Both need PFX_DEBUG, and no AddressSanitizer, which does not let them get that far. */
static void check_pattern(void) {
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, SIZE, 1) == PFX_OK);
    pfx_segment *segment = request();
    memset(segment->data, 1, SIZE);
    EXPECT(pfx_segment_release(segment) == PFX_OK);
    EXPECT(segment->data[0] == PFX_SEGMENT_POISON && segment->data[SIZE - 1] == PFX_SEGMENT_POISON);
    EXPECT(request() == segment);
    pfx_segment_pool_destroy(&pool);
}

static void check_late_write(void) {
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, SIZE, 1) == PFX_OK);
    pfx_segment *segment = request();
    EXPECT(pfx_segment_release(segment) == PFX_OK);
    segment->data[SIZE - 1] = 1;
    EXPECT(pfx_segment_pool_request(&pool, 0, &segment) == PFX_CORRUPT);
    EXPECT(pfx_segment_pool_in_use(&pool) == 0);
    EXPECT(request() == segment); /* found once */
    pfx_segment_pool_destroy(&pool);
}

/* AddressSanitizer stops these. */
static void late_access(int write) {
    EXPECT(pfx_segment_pool_init(&pool, &budget, NULL, SIZE, 1) == PFX_OK);
    pfx_segment *segment = request();
    volatile uint8_t *data = segment->data;
    data[9] = 3;
    EXPECT(pfx_segment_release(segment) == PFX_OK);
    if (write) {
        data[9] = 4;
    } else {
        printf("read %d\n", data[9]);
    }
    pfx_segment_pool_destroy(&pool);
}

int main(int count, char **arguments) {
    const char *name = count == 2 ? arguments[1] : "";
    pfx_budget_init(&budget, -1);
    if (strcmp(name, "arguments") == 0) {
        check_arguments();
    } else if (strcmp(name, "half-failure") == 0) {
        check_half_failure();
    } else if (strcmp(name, "provided-memory") == 0) {
        check_provided_memory();
    } else if (strcmp(name, "use-after-release") == 0) {
        check_use_after_release();
    } else if (strcmp(name, "pattern") == 0) {
        check_pattern();
    } else if (strcmp(name, "late-write-is-found") == 0) {
        check_late_write();
    } else if (strcmp(name, "late-read") == 0) {
        late_access(0);
    } else if (strcmp(name, "late-write") == 0) {
        late_access(1);
    } else {
        fprintf(stderr, "no check is named '%s'\n", name);
        return 2;
    }
    EXPECT(pfx_budget_used(&budget) == 0);
    return 0;
}
