#include "rows.h"

enum { STREAMS = 2 };

/// Lanes sum every 32nd product; then the lanes are added, then what is left of the row.
MNG_INLINE void f32_tile(const float *w, size_t streams, const mng_rows_x *x, float *sums,
                         const size_t R) {
  const size_t k = x->k, whole = k & ~(size_t)31, next = streams > 1 ? k : 0;
  const size_t ahead = mng_rows_ahead(k * sizeof(float), STREAMS);
  mng_f32x16 sum[STREAMS][4][2] = {0};
  for (size_t i = 0; i < whole; i += 32) {
    MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) {
      const float *from = w + s * next + i;
      const mng_f32x16 first = MNG_READ(mng_f32x16, from);
      const mng_f32x16 second = MNG_READ(mng_f32x16, from + 16);
      MNG_PREFETCH((const char *)from + ahead);
      MNG_PREFETCH((const char *)from + ahead + 64);
      MNG_UNROLL for (size_t r = 0; r < R; r++) {
        const float *row = x->floats + r * x->stride + i;
        sum[s][r][0] += first * MNG_READ(mng_f32x16, row);
        sum[s][r][1] += second * MNG_READ(mng_f32x16, row + 16);
      }
    }
  }
  for (size_t s = 0; s < streams; s++) {
    MNG_UNROLL for (size_t r = 0; r < R; r++) {
      const mng_f32x16 lanes = sum[s][r][0] + sum[s][r][1];
      float total = 0;
      MNG_UNROLL for (int i = 0; i < 16; i++) total += lanes[i];
      for (size_t i = whole; i < k; i++)
        total += w[s * next + i] * x->floats[r * x->stride + i];
      sums[s * R + r] = total;
    }
  }
}

MNG_INLINE void mng_rows_sums_f32_body(const void *weights, size_t outputs, const mng_rows_x *x,
                                       size_t rows, float *sums) {
  const float *w = weights;
  for (size_t o = 0; o < outputs; o += STREAMS) {
    const size_t streams = mng_min(STREAMS, outputs - o);
    MNG_FOR_ROWS(f32_tile, rows, w + o * x->k, streams, x, sums + o * rows)
  }
}

MNG_VARIANTS(mng_rows_sums_f32,
             (const void *weights, size_t outputs, const mng_rows_x *x, size_t rows, float *sums),
             (weights, outputs, x, rows, sums))
