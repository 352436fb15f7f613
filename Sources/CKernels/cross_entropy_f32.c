#include "mng_cross_entropy_f32.h"

#include "lanes.h"
#include "math_f32.h"
#include "rows_f32.h"

MNG_INLINE void mng_cross_entropy_f32_body(size_t rows, size_t columns, const float *x,
                                           const int64_t *targets, float *losses) {
  for (size_t r = 0; r < rows; r++, x += columns) {
    if (targets[r] < 0) {
      losses[r] = 0;
      continue;
    }
    const float max = max_of_row(x, columns);
    losses[r] = m_log(sum_of_exponentials(x, columns, max, NULL)) - (x[targets[r]] - max);
  }
}

MNG_VARIANTS(mng_cross_entropy_f32,
             (size_t rows, size_t columns, const float *x, const int64_t *targets, float *losses),
             (rows, columns, x, targets, losses))

MNG_INLINE void mng_cross_entropy_gradient_f32_body(size_t rows, size_t columns, const float *x,
                                                    const int64_t *targets, float scale,
                                                    float *dx) {
  for (size_t r = 0; r < rows; r++, x += columns, dx += columns) {
    if (targets[r] < 0) {
      memset(dx, 0, columns * sizeof(float));
      continue;
    }
    const float max = max_of_row(x, columns);
    const float factor = scale / sum_of_exponentials(x, columns, max, dx);
    for (size_t i = 0; i < columns; i++) dx[i] = dx[i] * factor;
    dx[targets[r]] -= scale;
  }
}

MNG_VARIANTS(mng_cross_entropy_gradient_f32,
             (size_t rows, size_t columns, const float *x, const int64_t *targets, float scale,
              float *dx),
             (rows, columns, x, targets, scale, dx))
