#include "mng_peak.h"

#include "lanes.h"

enum { CHAINS = 12 };

#define DEFINE_PEAK(NAME, TARGET, V, WIDTH)                                                     \
  TARGET static double NAME(size_t rounds) {                                                    \
    V x = (V){0} + 0.999f, y = (V){0} + 1e-9f;                                                  \
    V a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;       \
    /* Opaque to the compiler, so that the loop stays. */                                       \
    __asm__ volatile("" : "+m"(x), "+m"(y));                                                    \
    const V s = x, t = y;                                                                       \
    for (size_t round = 0; round < rounds; round++) {                                           \
      a = a * s + t, b = b * s + t, c = c * s + t, d = d * s + t, e = e * s + t, f = f * s + t; \
      g = g * s + t, h = h * s + t, i = i * s + t, j = j * s + t, k = k * s + t, l = l * s + t; \
    }                                                                                           \
    x = a + b + c + d + e + f + g + h + i + j + k + l;                                          \
    __asm__ volatile("" : "+m"(x));                                                             \
    return (double)rounds * CHAINS * 2 * WIDTH;                                                 \
  }

DEFINE_PEAK(peak_baseline, , mng_f32x4, 4)
#if defined(__x86_64__)
DEFINE_PEAK(peak_avx2, MNG_TARGET_AVX2, mng_f32x8, 8)
DEFINE_PEAK(peak_avx512, MNG_TARGET_AVX512, mng_f32x16, 16)
#endif

double mng_peak_f32(size_t rounds) {
#if defined(__x86_64__)
  if (mng_isa_current() == MNG_ISA_AVX512) return peak_avx512(rounds);
  if (mng_isa_current() == MNG_ISA_AVX2) return peak_avx2(rounds);
#endif
  return peak_baseline(rounds);
}

typedef unsigned long long mng_u64x8 __attribute__((ext_vector_type(8), aligned(8)));

MNG_INLINE void read_all_body(const void *memory, size_t bytes, unsigned long long *result) {
  const mng_u64x8 *p = memory;
  mng_u64x8 a = 0, b = 0, c = 0, d = 0;
  for (size_t i = 0; i < bytes / 64; i += 4) {
    a ^= p[i];
    b ^= p[i + 1];
    c ^= p[i + 2];
    d ^= p[i + 3];
  }
  a ^= b ^ c ^ d;
  *result = a[0] ^ a[1] ^ a[2] ^ a[3] ^ a[4] ^ a[5] ^ a[6] ^ a[7];
}

MNG_VARIANTS(read_all, (const void *memory, size_t bytes, unsigned long long *result),
             (memory, bytes, result))

unsigned long long mng_read_all(const void *memory, size_t bytes) {
  unsigned long long result;
  read_all(memory, bytes, &result);
  return result;
}
