// Internal: products by weights in 16 bits, 32 of them at a time, from
// `WIDEN(const uint16_t *, mng_f32x16 first, mng_f32x16 second)` and `float WIDEN_ONE(uint16_t)`.
#ifndef MNG_ROWS_NARROW_H
#define MNG_ROWS_NARROW_H

#include "rows_floats.h"

// Long rows go side by side, as those of float32 do, and all that they read is asked for, further ahead.
enum { MNG_NARROW_AHEAD_OF_LONG = 131072 };

/// The next `LINES` lines of `S` rows, by the inputs that they share.
#define MNG_NARROW_LINES(WIDEN, LINES)                                                      \
  MNG_UNROLL for (size_t line = 0; line < LINES; line++) {                                  \
    MNG_UNROLL for (size_t s = 0; s < S; s++) {                                             \
      mng_f32x16 first, second;                                                             \
      WIDEN(w + s * k + i + 32 * line, first, second);                                      \
      __builtin_prefetch(asked + (line * S + s) * 64, 0, 2);                                \
      MNG_UNROLL for (size_t r = 0; r < R; r++) {                                           \
        const float *row = x->floats + r * x->stride + i + 32 * line;                       \
        sum[s][r][0] += first * MNG_READ(mng_f32x16, row);                                  \
        sum[s][r][1] += second * MNG_READ(mng_f32x16, row + 16);                            \
      }                                                                                     \
    }                                                                                       \
  }

#define MNG_ROWS_NARROW(name, WIDEN, WIDEN_ONE)                                             \
  MNG_INLINE void name##_row(const uint16_t *w, const mng_rows_x *x, float *sums,           \
                             const size_t R) {                                              \
    const size_t k = x->k, whole = k & ~(size_t)31;                                         \
    MNG_FLOATS_ASKING(x, w)                                                                 \
    mng_f32x16 sum[4][2] = {0};                                                             \
    _Pragma("clang loop unroll(disable)") for (size_t i = 0; i < whole; i += 32) {          \
      mng_f32x16 first, second;                                                             \
      WIDEN(w + i, first, second);                                                          \
      MNG_FLOATS_ASK(i * sizeof(uint16_t))                                                  \
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
  MNG_INLINE void name##_side(const uint16_t *w, const mng_rows_x *x, float *sums,          \
                              const size_t S, const size_t R) {                             \
    const size_t k = x->k, whole = k & ~(size_t)31;                                         \
    const char *asked = (const char *)w + MNG_NARROW_AHEAD_OF_LONG;                         \
    mng_f32x16 sum[8][4][2] = {0};                                                          \
    size_t i = 0;                                                                           \
    for (; i + 64 <= whole; i += 64, asked += S * 128) MNG_NARROW_LINES(WIDEN, 2)           \
    if (i < whole) MNG_NARROW_LINES(WIDEN, 1)                                               \
    MNG_UNROLL for (size_t s = 0; s < S; s++) MNG_UNROLL for (size_t r = 0; r < R; r++) {   \
      float total = MNG_SUM_OF_16(sum[s][r][0] + sum[s][r][1]);                             \
      for (size_t i = whole; i < k; i++)                                                    \
        total += WIDEN_ONE(w[s * k + i]) * x->floats[r * x->stride + i];                    \
      sums[s * R + r] = total;                                                              \
    }                                                                                       \
  }                                                                                         \
  MNG_INLINE void name##_long(const uint16_t *w, size_t outputs, const mng_rows_x *x,       \
                              float *sums, const size_t R) {                                \
    MNG_SIDE_BY_SIDE(name##_side, 8, w, outputs, x, sums, R)                                \
  }                                                                                         \
  MNG_INLINE void name##_body(const void *weights, size_t outputs, const mng_rows_x *x,     \
                              size_t rows, float *sums) {                                   \
    MNG_ROWS_OF_FLOATS(name, uint16_t, weights, outputs, x, rows, sums)                     \
  }

#endif
