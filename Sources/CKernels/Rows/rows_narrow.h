// Internal: products by weights in 16 bits, from `mng_f32x16 WIDEN(const uint16_t *)` and
// `float WIDEN_ONE(uint16_t)`.
#ifndef MNG_ROWS_NARROW_H
#define MNG_ROWS_NARROW_H

#include "rows.h"

enum { STREAMS = 2 };

#define MNG_ROWS_NARROW(name, WIDEN, WIDEN_ONE)                                                  \
  MNG_INLINE void name##_tile(const uint16_t *w, size_t streams, const mng_rows_x *x,            \
                              float *sums, const size_t R) {                                     \
    const size_t k = x->k, whole = k & ~(size_t)31, next = streams > 1 ? k : 0;                  \
    const size_t ahead = mng_rows_ahead(k * sizeof(uint16_t), STREAMS);                          \
    mng_f32x16 sum[STREAMS][4][2] = {0};                                                         \
    for (size_t i = 0; i < whole; i += 32) {                                                     \
      MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) {                                          \
        const uint16_t *from = w + s * next + i;                                                 \
        const mng_f32x16 first = WIDEN(from), second = WIDEN(from + 16);                         \
        MNG_PREFETCH((const char *)from + ahead);                                                \
        MNG_UNROLL for (size_t r = 0; r < R; r++) {                                              \
          const float *row = x->floats + r * x->stride + i;                                      \
          sum[s][r][0] += first * MNG_READ(mng_f32x16, row);                                     \
          sum[s][r][1] += second * MNG_READ(mng_f32x16, row + 16);                               \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
    for (size_t s = 0; s < streams; s++) {                                                       \
      MNG_UNROLL for (size_t r = 0; r < R; r++) {                                                \
        const mng_f32x16 lanes = sum[s][r][0] + sum[s][r][1];                                    \
        float total = 0;                                                                         \
        MNG_UNROLL for (int i = 0; i < 16; i++) total += lanes[i];                               \
        for (size_t i = whole; i < k; i++)                                                       \
          total += WIDEN_ONE(w[s * next + i]) * x->floats[r * x->stride + i];                    \
        sums[s * R + r] = total;                                                                 \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  MNG_INLINE void name##_body(const void *weights, size_t outputs, const mng_rows_x *x,          \
                              size_t rows, float *sums) {                                        \
    const uint16_t *w = weights;                                                                 \
    for (size_t o = 0; o < outputs; o += STREAMS) {                                              \
      const size_t streams = mng_min(STREAMS, outputs - o);                                      \
      MNG_FOR_ROWS(name##_tile, rows, w + o * x->k, streams, x, sums + o * rows)                 \
    }                                                                                            \
  }

typedef uint16_t mng_u16x16 __attribute__((ext_vector_type(16), aligned(2)));
typedef uint32_t mng_u32x16 __attribute__((ext_vector_type(16)));

#endif
