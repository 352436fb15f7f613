// Internal: products by weights in 16 bits, 32 of them at a time, from
// `WIDEN(const uint16_t *, mng_f32x16 first, mng_f32x16 second)` and `float WIDEN_ONE(uint16_t)`.
#ifndef MNG_ROWS_NARROW_H
#define MNG_ROWS_NARROW_H

#include "rows_floats.h"

// The processor follows a stream of whole rows by itself, if one instruction reads it (so nothing is
// unrolled); asked for every fourth line far ahead, it does not lose it. More would take the stream over
// from it, and what a core can ask for at a time is less. Where rows are cut, all is asked for.
#define MNG_ROWS_NARROW(name, WIDEN, WIDEN_ONE)                                             \
  MNG_INLINE void name##_row(const uint16_t *w, size_t begin, size_t end, const char *later, \
                             const mng_rows_x *x, float *sums, const size_t R) {            \
    const size_t whole = begin + ((end - begin) & ~(size_t)31);                             \
    /* A whole row's stream goes on in the next one. */                                     \
    const bool is_whole = begin == 0 && end == x->k;                                        \
    const char *asked = is_whole ? (const char *)w + MNG_ROWS_AHEAD : later;                \
    const size_t between = is_whole ? 4 * 32 - 1 : 0;                                       \
    mng_f32x16 sum[4][2] = {0};                                                             \
    _Pragma("clang loop unroll(disable)") for (size_t i = begin; i < whole; i += 32) {      \
      mng_f32x16 first, second;                                                             \
      WIDEN(w + i, first, second);                                                          \
      if (((i - begin) & between) == 0)                                                     \
        MNG_PREFETCH(asked + (i - begin) * sizeof(uint16_t));                               \
      MNG_UNROLL for (size_t r = 0; r < R; r++) {                                           \
        const float *row = x->floats + r * x->stride + i;                                   \
        sum[r][0] += first * MNG_READ(mng_f32x16, row);                                     \
        sum[r][1] += second * MNG_READ(mng_f32x16, row + 16);                               \
      }                                                                                     \
    }                                                                                       \
    MNG_UNROLL for (size_t r = 0; r < R; r++) {                                             \
      float total = MNG_SUM_OF_16(sum[r][0] + sum[r][1]);                                   \
      for (size_t i = whole; i < end; i++)                                                  \
        total += WIDEN_ONE(w[i]) * x->floats[r * x->stride + i];                            \
      sums[r] = begin > 0 ? sums[r] + total : total;                                        \
    }                                                                                       \
  }                                                                                         \
  MNG_INLINE void name##_body(const void *weights, size_t outputs, const mng_rows_x *x,     \
                              size_t rows, float *sums) {                                   \
    MNG_FOR_SEGMENTS(name##_row, rows, uint16_t, 4)                                         \
  }

#endif
