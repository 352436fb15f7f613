#include "mng_transpose_f32.h"

#include "lanes.h"

/// Four by four through registers: the shuffles of an interleave by halves.
MNG_INLINE void transpose_4x4(const float *x, size_t x_stride, float *y, size_t y_stride) {
  const mng_f32x4 a = MNG_READ(mng_f32x4, x), b = MNG_READ(mng_f32x4, x + x_stride);
  const mng_f32x4 c = MNG_READ(mng_f32x4, x + 2 * x_stride),
                  d = MNG_READ(mng_f32x4, x + 3 * x_stride);
  const mng_f32x4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const mng_f32x4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const mng_f32x4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const mng_f32x4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  MNG_AT(mng_f32x4, y) = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  MNG_AT(mng_f32x4, y + y_stride) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  MNG_AT(mng_f32x4, y + 2 * y_stride) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  MNG_AT(mng_f32x4, y + 3 * y_stride) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

MNG_INLINE void mng_transpose_f32_body(size_t batch, size_t rows, size_t columns, const float *x,
                                       float *y, size_t row_begin, size_t row_end) {
  // Few rows (the three channels of a picture): interleave them in one pass.
  if (rows <= 4) {
    for (size_t b = 0; b < batch; b++, x += rows * columns, y += rows * columns)
      for (size_t j = 0; j < columns; j++)
        for (size_t i = row_begin; i < row_end; i++) y[j * rows + i] = x[i * columns + j];
    return;
  }
  enum { BLOCK = 16 };
  for (size_t b = 0; b < batch; b++, x += rows * columns, y += rows * columns) {
    for (size_t jb = 0; jb < columns; jb += BLOCK) {
      const size_t j_end = mng_min(jb + BLOCK, columns);
      for (size_t ib = row_begin; ib < row_end; ib += BLOCK) {
        const size_t i_end = mng_min(ib + BLOCK, row_end);
        size_t j = jb;
        for (; j + 4 <= j_end; j += 4) {
          size_t i = ib;
          for (; i + 4 <= i_end; i += 4)
            transpose_4x4(x + i * columns + j, columns, y + j * rows + i, rows);
          for (; i < i_end; i++)
            for (size_t k = j; k < j + 4; k++) y[k * rows + i] = x[i * columns + k];
        }
        for (; j < j_end; j++)
          for (size_t i = ib; i < i_end; i++) y[j * rows + i] = x[i * columns + j];
      }
    }
  }
}

MNG_VARIANTS(mng_transpose_f32,
             (size_t batch, size_t rows, size_t columns, const float *x, float *y, size_t row_begin,
              size_t row_end),
             (batch, rows, columns, x, y, row_begin, row_end))
