#include "rows_floats.h"

enum { PARTS = 4 };

/// Lanes sum every 64th product; then the parts and lanes are added, then what is left of the row.
MNG_INLINE void f32_row(const float *w, const mng_rows_x *x, float *sums, const size_t R) {
  const size_t k = x->k, whole = k & ~(size_t)63;
  mng_f32x16 sum[4][PARTS] = {0};
  for (size_t i = 0; i < whole; i += 64) {
    MNG_UNROLL for (size_t part = 0; part < PARTS; part++) {
      const float *from = w + i + 16 * part;
      const mng_f32x16 weights = MNG_READ(mng_f32x16, from);
      MNG_PREFETCH((const char *)from + MNG_FLOATS_AHEAD);
      MNG_UNROLL for (size_t r = 0; r < R; r++) {
        sum[r][part] +=
            weights * MNG_READ(mng_f32x16, x->floats + r * x->stride + i + 16 * part);
      }
    }
  }
  MNG_UNROLL for (size_t r = 0; r < R; r++) {
    float total = MNG_SUM_OF_16((sum[r][0] + sum[r][1]) + (sum[r][2] + sum[r][3]));
    for (size_t i = whole; i < k; i++) total += w[i] * x->floats[r * x->stride + i];
    sums[r] = total;
  }
}

MNG_INLINE void mng_rows_sums_f32_body(const void *weights, size_t outputs, const mng_rows_x *x,
                                       size_t rows, float *sums) {
  const float *w = weights;
  for (size_t o = 0; o < outputs; o++) {
    MNG_FOR_ROWS(f32_row, rows, w + o * x->k, x, sums + o * rows)
  }
}

MNG_VARIANTS(mng_rows_sums_f32,
             (const void *weights, size_t outputs, const mng_rows_x *x, size_t rows, float *sums),
             (weights, outputs, x, rows, sums))
