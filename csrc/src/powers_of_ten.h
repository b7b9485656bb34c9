/* Powers of ten as 128-bit numbers whose highest bit is set. */
#ifndef PFX_POWERS_OF_TEN_H
#define PFX_POWERS_OF_TEN_H

#include <stdint.h>

#define PFX_LEAST_POWER (-342)
#define PFX_GREATEST_POWER 324
#define PFX_POWERS (PFX_GREATEST_POWER - PFX_LEAST_POWER + 1)

/* By turns the high and the low half of floor(10^power * 2^n), from PFX_LEAST_POWER on, where n is what makes 128 bits
 * of it. tests/core/native/test_powers_of_ten.py calculates them anew. */
extern const uint64_t pfx_powers_of_ten[2 * PFX_POWERS];

#endif
