// Internal: products by weights in 16 bits, 32 of them at a time, from
// `WIDEN(const uint16_t *, mng_f32x16 *first, mng_f32x16 *second)` and `float WIDEN_ONE(uint16_t)`.
#ifndef MNG_ROWS_NARROW_H
#define MNG_ROWS_NARROW_H

#include "rows_floats.h"

// Not unrolled: the processor follows the stream best when one instruction reads it.
#define MNG_ROWS_NARROW(name, WIDEN, WIDEN_ONE)                                             \
  MNG_INLINE void name##_row(const uint16_t *w, const mng_rows_x *x, float *sums,           \
                             const size_t R) {                                              \
    const size_t k = x->k, whole = k & ~(size_t)31;                                         \
    mng_f32x16 sum[4][2] = {0};                                                             \
    _Pragma("clang loop unroll(disable)") for (size_t i = 0; i < whole; i += 32) {          \
      mng_f32x16 first, second;                                                             \
      WIDEN(w + i, first, second);                                                          \
      MNG_PREFETCH((const char *)(w + i) + MNG_FLOATS_AHEAD);                               \
      MNG_UNROLL for (size_t r = 0; r < R; r++) {                                           \
        const float *row = x->floats + r * x->stride + i;                                   \
        sum[r][0] += first * MNG_READ(mng_f32x16, row);                                     \
        sum[r][1] += second * MNG_READ(mng_f32x16, row + 16);                               \
      }                                                                                     \
    }                                                                                       \
    MNG_UNROLL for (size_t r = 0; r < R; r++) {                                             \
      float total = MNG_SUM_OF_16(sum[r][0] + sum[r][1]);                                   \
      for (size_t i = whole; i < k; i++)                                                    \
        total += WIDEN_ONE(w[i]) * x->floats[r * x->stride + i];                            \
      sums[r] = total;                                                                      \
    }                                                                                       \
  }                                                                                         \
  MNG_INLINE void name##_body(const void *weights, size_t outputs, const mng_rows_x *x,     \
                              size_t rows, float *sums) {                                   \
    const uint16_t *w = weights;                                                            \
    for (size_t o = 0; o < outputs; o++) {                                                  \
      MNG_FOR_ROWS(name##_row, rows, w + o * x->k, x, sums + o * rows)                      \
    }                                                                                       \
  }

#endif
