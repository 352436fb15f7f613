#include "rows_floats.h"

// The processor follows one stream of lines by itself, at the memory's whole speed. What is asked for
// further ahead takes that work from it, and is slower.
enum { PARTS = 4, AHEAD = 1024 };

/// Lanes sum every 64th product; then the parts and lanes are added, then what is left of the row.
MNG_INLINE void f32_row(const float *w, size_t begin, size_t end, const char *later,
                        const mng_rows_x *x, float *sums, const size_t R) {
  const size_t whole = begin + ((end - begin) & ~(size_t)63);
  mng_f32x16 sum[4][PARTS] = {0};
  // A whole row's stream goes on in the next one.
  const char *asked = begin == 0 && end == x->k ? (const char *)w + AHEAD : later;
  for (size_t i = begin; i < whole; i += 64, asked += 64 * sizeof(float)) {
    MNG_UNROLL for (size_t part = 0; part < PARTS; part++) {
      const mng_f32x16 weights = MNG_READ(mng_f32x16, w + i + 16 * part);
      MNG_PREFETCH(asked + 64 * part);
      MNG_UNROLL for (size_t r = 0; r < R; r++) {
        sum[r][part] +=
            weights * MNG_READ(mng_f32x16, x->floats + r * x->stride + i + 16 * part);
      }
    }
  }
  MNG_UNROLL for (size_t r = 0; r < R; r++) {
    float total = MNG_SUM_OF_16((sum[r][0] + sum[r][1]) + (sum[r][2] + sum[r][3]));
    for (size_t i = whole; i < end; i++) total += w[i] * x->floats[r * x->stride + i];
    sums[r] = begin > 0 ? sums[r] + total : total;
  }
}

MNG_INLINE void mng_rows_sums_f32_body(const void *weights, size_t outputs, const mng_rows_x *x,
                                       size_t rows, float *sums) {
  MNG_FOR_SEGMENTS(f32_row, rows, float, 2)
}

MNG_VARIANTS(mng_rows_sums_f32,
             (const void *weights, size_t outputs, const mng_rows_x *x, size_t rows, float *sums),
             (weights, outputs, x, rows, sums))
