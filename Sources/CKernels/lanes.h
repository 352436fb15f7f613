// Internal: vectors of floats that every instruction set has in some number of registers.
#ifndef LANES_H
#define LANES_H

#include <stddef.h>
#include <string.h>

#include "mng_variants.h"

typedef float mng_f32x16 __attribute__((ext_vector_type(16), aligned(4)));
typedef float mng_f32x8 __attribute__((ext_vector_type(8), aligned(4)));
typedef float mng_f32x4 __attribute__((ext_vector_type(4), aligned(4)));
typedef float mng_f32x1;

#define MNG_AT(V, p) (*(V *)(p))
#define MNG_READ(V, p) (*(const V *)(p))

/// Limits that let NaN through: comparisons with NaN are false.
#define MNG_CLAMP(v, lowest, highest)                  \
  ({                                                   \
    __typeof__(v) clamped = (v);                       \
    clamped = clamped < (lowest) ? (lowest) : clamped; \
    clamped > (highest) ? (highest) : clamped;         \
  })

/// For loops that read element i before they write element i, in place too.
#define LOOP_IN_PLACE _Pragma("clang loop vectorize(assume_safety) interleave(enable)")

MNG_INLINE size_t mng_min(size_t a, size_t b) { return a < b ? a : b; }

/// Indices `k` of a window's taps `begin + k * dilation` (wrapping below zero) that lie in `[0,
/// extent)`.
typedef struct mng_taps {
  size_t begin, end;
} mng_taps;

MNG_INLINE mng_taps mng_taps_inside(size_t begin, size_t count, size_t dilation, size_t extent) {
  mng_taps taps = {0, count};
  // Signed: a window begins at most a padding before the image.
  ptrdiff_t first = (ptrdiff_t)begin;
  while (taps.begin < count && first + (ptrdiff_t)(taps.begin * dilation) < 0) taps.begin++;
  while (taps.end > taps.begin &&
         first + (ptrdiff_t)((taps.end - 1) * dilation) >= (ptrdiff_t)extent)
    taps.end--;
  return taps;
}

#endif
