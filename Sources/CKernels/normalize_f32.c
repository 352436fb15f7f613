#include "mng_normalize_f32.h"

#include "lanes.h"
#include "math_f32.h"
#include "rows_f32.h"

MNG_INLINE void mng_softmax_f32_body(size_t rows, size_t columns, const float *x, float *y) {
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float max = max_of_row(x, columns);
    const float sum = sum_of_exponentials(x, columns, max, y);
    for (size_t i = 0; i < columns; i++) y[i] = y[i] / sum;
  }
}

MNG_VARIANTS(mng_softmax_f32, (size_t rows, size_t columns, const float *x, float *y),
             (rows, columns, x, y))

MNG_INLINE void mng_log_softmax_f32_body(size_t rows, size_t columns, const float *x, float *y) {
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float max = max_of_row(x, columns);
    const float log_sum = m_log(sum_of_exponentials(x, columns, max, NULL));
    LOOP_IN_PLACE
    for (size_t i = 0; i < columns; i++) y[i] = (x[i] - max) - log_sum;
  }
}

MNG_VARIANTS(mng_log_softmax_f32, (size_t rows, size_t columns, const float *x, float *y),
             (rows, columns, x, y))

/// Sum of x - center, or of its square.
MNG_INLINE float sum_around(const float *x, size_t count, float center, const int squared) {
  float lanes[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    for (int lane = 0; lane < LANES; lane++) {
      const float d = x[i + lane] - center;
      lanes[lane] += squared ? d * d : d;
    }
  for (int lane = 0; i < count; i++, lane++) {
    const float d = x[i] - center;
    lanes[lane] += squared ? d * d : d;
  }
  return sum_of_lanes(lanes);
}

MNG_INLINE void mng_layer_norm_f32_body(size_t rows, size_t columns, const float *x,
                                        const float *scale, const float *shift, float epsilon,
                                        float *y) {
  const float count = (float)columns;
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float mean = sum_around(x, columns, 0, 0) / count;
    const float variance = sum_around(x, columns, mean, 1) / count;
    const float factor = 1 / __builtin_elementwise_sqrt(variance + epsilon);
    LOOP_IN_PLACE
    for (size_t i = 0; i < columns; i++) {
      float v = (x[i] - mean) * factor;
      v = scale ? v * scale[i] : v;
      y[i] = shift ? v + shift[i] : v;
    }
  }
}

MNG_VARIANTS(mng_layer_norm_f32,
             (size_t rows, size_t columns, const float *x, const float *scale, const float *shift,
              float epsilon, float *y),
             (rows, columns, x, scale, shift, epsilon, y))

MNG_INLINE void mng_rms_norm_f32_body(size_t rows, size_t columns, const float *x,
                                      const float *scale, float epsilon, float *y) {
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    const float square = sum_around(x, columns, 0, 1) / (float)columns;
    const float factor = 1 / __builtin_elementwise_sqrt(square + epsilon);
    LOOP_IN_PLACE
    for (size_t i = 0; i < columns; i++) {
      const float v = x[i] * factor;
      y[i] = scale ? v * scale[i] : v;
    }
  }
}

MNG_VARIANTS(mng_rms_norm_f32,
             (size_t rows, size_t columns, const float *x, const float *scale, float epsilon,
              float *y),
             (rows, columns, x, scale, epsilon, y))

MNG_INLINE void mng_local_response_norm_f32_body(size_t rows, size_t columns, const float *x,
                                                 size_t size, float alpha, float beta, float bias,
                                                 float *y) {
  const size_t before = (size - 1) / 2, after = size / 2;
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    for (size_t c = 0; c < columns; c++) {
      const size_t begin = c < before ? 0 : c - before;
      const size_t end = mng_min(c + after + 1, columns);
      float sum = 0;
      for (size_t i = begin; i < end; i++) sum += x[i] * x[i];
      y[c] = sum;
    }
    for (size_t c = 0; c < columns; c++) {
      const float base = bias + alpha / (float)size * y[c];
      y[c] = x[c] * m_exp(-beta * m_log(base));
    }
  }
}

MNG_VARIANTS(mng_local_response_norm_f32,
             (size_t rows, size_t columns, const float *x, size_t size, float alpha, float beta,
              float bias, float *y),
             (rows, columns, x, size, alpha, beta, bias, y))
