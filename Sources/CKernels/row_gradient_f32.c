#include "mng_row_gradient_f32.h"

#include "lanes.h"
#include "math_f32.h"
#include "rows_f32.h"

/// Sums of x - centre, or of its square.
MNG_INLINE float sum_of_powers(const float *x, size_t count, float centre, const int squared) {
  float lanes[LANES];
  mng_f32x16 sums = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const mng_f32x16 d = MNG_READ(mng_f32x16, x + i) - centre;
    sums += squared ? d * d : d;
  }
  memcpy(lanes, &sums, sizeof lanes);
  for (int lane = 0; i < count; i++, lane++)
    lanes[lane] += squared ? (x[i] - centre) * (x[i] - centre) : x[i] - centre;
  return sum_of_lanes(lanes);
}

MNG_INLINE float sum_of_products(const float *a, const float *b, size_t count) {
  float lanes[LANES];
  mng_f32x16 sums = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES)
    sums += MNG_READ(mng_f32x16, a + i) * MNG_READ(mng_f32x16, b + i);
  memcpy(lanes, &sums, sizeof lanes);
  for (int lane = 0; i < count; i++, lane++) lanes[lane] += a[i] * b[i];
  return sum_of_lanes(lanes);
}

MNG_INLINE void mng_row_norm_gradient_f32_body(bool centred, size_t rows, size_t columns,
                                               const float *flow, const float *x,
                                               const float *scale, float epsilon, float *dx,
                                               float *by_scale, float *by_shift) {
  const float count = (float)columns;
  for (size_t r = 0; r < rows; r++, flow += columns, x += columns, dx += columns) {
    const float mean = centred ? sum_of_powers(x, columns, 0, 0) / count : 0;
    const float square = sum_of_powers(x, columns, mean, 1) / count;
    const float inverse = 1 / __builtin_elementwise_sqrt(square + epsilon);
    float lanes[LANES], along_lanes[LANES];
    mng_f32x16 sums = {0}, alongs = {0};
    size_t i = 0;
    for (; i + LANES <= columns; i += LANES) {
      const mng_f32x16 s = MNG_READ(mng_f32x16, flow + i) * MNG_READ(mng_f32x16, scale + i);
      sums += s;
      alongs += s * (MNG_READ(mng_f32x16, x + i) - mean);
    }
    memcpy(lanes, &sums, sizeof lanes);
    memcpy(along_lanes, &alongs, sizeof along_lanes);
    for (int lane = 0; i < columns; i++, lane++) {
      lanes[lane] += flow[i] * scale[i];
      along_lanes[lane] += flow[i] * scale[i] * (x[i] - mean);
    }
    const float middle = centred ? sum_of_lanes(lanes) / count : 0;
    const float along = sum_of_lanes(along_lanes) * inverse / count;
    if (by_scale) {
      LOOP_IN_PLACE
      for (size_t c = 0; c < columns; c++) by_scale[c] += flow[c] * ((x[c] - mean) * inverse);
    }
    if (by_shift) {
      LOOP_IN_PLACE
      for (size_t c = 0; c < columns; c++) by_shift[c] += flow[c];
    }
    LOOP_IN_PLACE
    for (size_t c = 0; c < columns; c++)
      dx[c] = (flow[c] * scale[c] - middle - (x[c] - mean) * inverse * along) * inverse;
  }
}

MNG_VARIANTS(mng_row_norm_gradient_f32,
             (bool centred, size_t rows, size_t columns, const float *flow, const float *x,
              const float *scale, float epsilon, float *dx, float *by_scale, float *by_shift),
             (centred, rows, columns, flow, x, scale, epsilon, dx, by_scale, by_shift))

MNG_INLINE void mng_softmax_gradient_f32_body(bool logarithm, size_t rows, size_t columns,
                                              const float *flow, const float *y, float *dx) {
  for (size_t r = 0; r < rows; r++, flow += columns, y += columns, dx += columns) {
    if (logarithm) {
      const float total = sum_of_powers(flow, columns, 0, 0);
      LOOP_IN_PLACE
      for (size_t i = 0; i < columns; i++) dx[i] = flow[i] - m_exp(y[i]) * total;
    } else {
      const float total = sum_of_products(flow, y, columns);
      LOOP_IN_PLACE
      for (size_t i = 0; i < columns; i++) dx[i] = y[i] * (flow[i] - total);
    }
  }
}

MNG_VARIANTS(mng_softmax_gradient_f32,
             (bool logarithm, size_t rows, size_t columns, const float *flow, const float *y,
              float *dx),
             (logarithm, rows, columns, flow, y, dx))

void mng_add_rows_f32(size_t count, const ptrdiff_t *indices, size_t columns, const float *from,
                      float *to, size_t begin, size_t end) {
  for (size_t i = 0; i < count; i++) {
    const float *source = from + i * columns;
    float *target = to + (size_t)indices[i] * columns;
    for (size_t c = begin; c < end; c++) target[c] += source[c];
  }
}
