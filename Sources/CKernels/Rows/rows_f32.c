#include "rows_floats.h"

/// Lanes sum every 16th product; then the lanes are added, then what is left of the row, in order: so rows shorter
/// than 64 are summed as a product of many rows sums them.
MNG_INLINE void f32_row(const float *w, const mng_rows_x *x, float *sums, const size_t R) {
  const size_t k = x->k, whole = k & ~(size_t)63;
  MNG_FLOATS_ASKING(x, w)
  mng_f32x16 sum[4] = {0};
  _Pragma("clang loop unroll(disable)") for (size_t i = 0; i < whole; i += 16) {
    const mng_f32x16 weights = MNG_READ(mng_f32x16, w + i);
    MNG_FLOATS_ASK(i * sizeof(float))
    MNG_UNROLL for (size_t r = 0; r < R; r++)
      sum[r] += weights * MNG_READ(mng_f32x16, x->floats + r * x->stride + i);
  }
  MNG_UNROLL for (size_t r = 0; r < R; r++) {
    float total = MNG_SUM_OF_16(sum[r]);
    for (size_t i = whole; i < k; i++) total += w[i] * x->floats[r * x->stride + i];
    sums[r] = total;
  }
}

/// `S` long rows side by side: their input comes from the second cache level, and what is read of it serves all. What
/// they read lies in order, and is asked for in order.
MNG_INLINE void f32_side(const float *w, const mng_rows_x *x, float *sums, const size_t S,
                         const size_t R) {
  const size_t k = x->k, whole = k & ~(size_t)31;
  mng_f32x16 sum[8][4][2] = {0};
  const char *asked = (const char *)w + MNG_ROWS_AHEAD;
  for (size_t i = 0; i < whole; i += 32, asked += S * 32 * sizeof(float)) {
    MNG_UNROLL for (size_t at = 0; at < S * 32 * sizeof(float); at += 64)
      __builtin_prefetch(asked + at, 0, 2);
    MNG_UNROLL for (size_t half = 0; half < 2; half++) {
      MNG_UNROLL for (size_t r = 0; r < R; r++) {
        const mng_f32x16 input =
            MNG_READ(mng_f32x16, x->floats + r * x->stride + i + 16 * half);
        MNG_UNROLL for (size_t s = 0; s < S; s++) {
          sum[s][r][half] += input * MNG_READ(mng_f32x16, w + s * k + i + 16 * half);
        }
      }
    }
  }
  MNG_UNROLL for (size_t s = 0; s < S; s++) MNG_UNROLL for (size_t r = 0; r < R; r++) {
    float total = MNG_SUM_OF_16(sum[s][r][0] + sum[s][r][1]);
    for (size_t i = whole; i < k; i++) total += w[s * k + i] * x->floats[r * x->stride + i];
    sums[s * R + r] = total;
  }
}

MNG_INLINE void f32_long(const float *w, size_t outputs, const mng_rows_x *x, float *sums,
                         const size_t R) {
  MNG_SIDE_BY_SIDE(f32_side, 8, w, outputs, x, sums, R)
}

MNG_INLINE void mng_rows_sums_f32_body(const void *weights, size_t outputs, const mng_rows_x *x,
                                       size_t rows, float *sums) {
  MNG_ROWS_OF_FLOATS(f32, float, weights, outputs, x, rows, sums)
}

MNG_VARIANTS(mng_rows_sums_f32,
             (const void *weights, size_t outputs, const mng_rows_x *x, size_t rows, float *sums),
             (weights, outputs, x, rows, sums))
