/* A mapping that the system does not move: as Linux does it, it has unmapped the place by then, and another thread may
 * have got it. */
#define _GNU_SOURCE
#include "expect.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

#include "pfx/memory.h"

static uint8_t *taken;

/* In place of the C library's. */
void *mremap(void *from, size_t old_size, size_t new_size, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    void *place = va_arg(arguments, void *);
    va_end(arguments);
    EXPECT(from != place && old_size < new_size && flags == (MREMAP_MAYMOVE | MREMAP_FIXED));
    EXPECT(munmap(place, new_size) == 0);
    taken = mmap(place, new_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    EXPECT(taken == place);
    taken[0] = 7;
    errno = ENOMEM;
    return MAP_FAILED;
}

int main(void) {
    const int64_t size = INT64_C(17) << 20;
    pfx_budget budget;
    void *memory;
    pfx_budget_init(&budget, -1);
    EXPECT(pfx_alloc(&budget, size, &memory) == PFX_OK);
    memset(memory, 5, (size_t)size);
    EXPECT(pfx_resize(&budget, &memory, size, size * 2) == PFX_OK);
    EXPECT(taken != NULL && taken[0] == 7);
    EXPECT(((uint8_t *)memory)[0] == 5 && ((uint8_t *)memory)[size - 1] == 5);
    EXPECT(pfx_budget_used(&budget) == size * 2);
    pfx_free(&budget, memory, size * 2);
    EXPECT(pfx_budget_used(&budget) == 0);
    return 0;
}
