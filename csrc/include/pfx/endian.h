/* Little-endian loads and stores at any alignment, whatever the machine's own order is. */
#ifndef PFX_ENDIAN_H
#define PFX_ENDIAN_H

#include <stdint.h>
#include <string.h>

static inline void pfx_reverse(uint8_t *bytes, int count) {
    for (int i = 0; i < count / 2; i++) {
        uint8_t swapped = bytes[i];
        bytes[i] = bytes[count - 1 - i];
        bytes[count - 1 - i] = swapped;
    }
}

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define PFX_TO_LITTLE(bytes, count) pfx_reverse(bytes, count)
#else
#define PFX_TO_LITTLE(bytes, count) ((void)0)
#endif

#define PFX_DEFINE_LITTLE_ENDIAN(name, type)                          \
    static inline void pfx_store_##name(uint8_t *bytes, type value) { \
        memcpy(bytes, &value, sizeof value);                          \
        PFX_TO_LITTLE(bytes, sizeof value);                           \
    }                                                                 \
    static inline type pfx_load_##name(const uint8_t *bytes) {        \
        uint8_t copy[sizeof(type)];                                   \
        memcpy(copy, bytes, sizeof copy);                             \
        PFX_TO_LITTLE(copy, sizeof copy);                             \
        type value;                                                   \
        memcpy(&value, copy, sizeof value);                           \
        return value;                                                 \
    }

PFX_DEFINE_LITTLE_ENDIAN(i8, int8_t)
PFX_DEFINE_LITTLE_ENDIAN(i16, int16_t)
PFX_DEFINE_LITTLE_ENDIAN(i32, int32_t)
PFX_DEFINE_LITTLE_ENDIAN(i64, int64_t)
PFX_DEFINE_LITTLE_ENDIAN(u32, uint32_t)
PFX_DEFINE_LITTLE_ENDIAN(u64, uint64_t)
PFX_DEFINE_LITTLE_ENDIAN(f32, float)
PFX_DEFINE_LITTLE_ENDIAN(f64, double)

#endif
