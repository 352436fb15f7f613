#include "mng_batch_norm_f32.h"

#include "lanes.h"

/// Reads vector `i` of neighbouring channels of `p` in row `r`.
#define VECTOR(V, p, i) MNG_READ(V, (p) + r * columns + c + (i) * sizeof(V) / sizeof(float))

typedef double mng_f64x16 __attribute__((ext_vector_type(16), aligned(8)));
typedef double mng_f64x4 __attribute__((ext_vector_type(4), aligned(8)));

/// So many rows are summed in floats, and these sums in doubles: what flows back sums to nearly nothing, and what rounding
/// leaves there AdamW takes for a direction.
enum { SHORT = 8 };

#define ADD_WIDE(D, total, sum) total += __builtin_convertvector(sum, D)

#define DEFINE_SUMS(V, D, WIDTH, COUNT)                                                           \
  MNG_INLINE void moments_##WIDTH##_##COUNT(size_t rows, size_t columns, size_t c, const float *x,\
                                            float *centre, float *first, float *second) {         \
    V middle[COUNT];                                                                              \
    D firsts[COUNT], seconds[COUNT];                                                              \
    for (int i = 0; i < COUNT; i++) middle[i] = (V){0};                                           \
    for (size_t r = 0; r < rows; r++)                                                             \
      for (int i = 0; i < COUNT; i++) middle[i] += VECTOR(V, x, i);                               \
    for (int i = 0; i < COUNT; i++) {                                                             \
      middle[i] /= (float)rows;                                                                   \
      firsts[i] = seconds[i] = (D){0};                                                            \
    }                                                                                             \
    for (size_t start = 0; start < rows; start += SHORT) {                                        \
      V sum[COUNT], square[COUNT];                                                                \
      for (int i = 0; i < COUNT; i++) sum[i] = square[i] = (V){0};                                \
      for (size_t r = start; r < mng_min(rows, start + SHORT); r++)                               \
        for (int i = 0; i < COUNT; i++) {                                                         \
          const V d = VECTOR(V, x, i) - middle[i];                                                \
          sum[i] += d;                                                                            \
          square[i] += d * d;                                                                     \
        }                                                                                         \
      for (int i = 0; i < COUNT; i++) {                                                           \
        ADD_WIDE(D, firsts[i], sum[i]);                                                           \
        ADD_WIDE(D, seconds[i], square[i]);                                                       \
      }                                                                                           \
    }                                                                                             \
    for (int i = 0; i < COUNT; i++) {                                                             \
      MNG_AT(V, centre + c + i * WIDTH) = middle[i];                                              \
      MNG_AT(V, first + c + i * WIDTH) = __builtin_convertvector(firsts[i], V);                   \
      MNG_AT(V, second + c + i * WIDTH) = __builtin_convertvector(seconds[i], V);                 \
    }                                                                                             \
  }                                                                                               \
  MNG_INLINE void products_##WIDTH##_##COUNT(size_t rows, size_t columns, size_t c,               \
                                             const float *flow, const float *gate,                \
                                             const float *x, const float *centre, float *first,   \
                                             float *second, const int gated) {                    \
    V middle[COUNT];                                                                              \
    D firsts[COUNT], seconds[COUNT];                                                              \
    for (int i = 0; i < COUNT; i++) {                                                             \
      middle[i] = MNG_READ(V, centre + c + i * WIDTH);                                            \
      firsts[i] = seconds[i] = (D){0};                                                            \
    }                                                                                             \
    for (size_t start = 0; start < rows; start += SHORT) {                                        \
      V sum[COUNT], along[COUNT];                                                                 \
      for (int i = 0; i < COUNT; i++) sum[i] = along[i] = (V){0};                                 \
      for (size_t r = start; r < mng_min(rows, start + SHORT); r++)                               \
        for (int i = 0; i < COUNT; i++) {                                                         \
          V f = VECTOR(V, flow, i);                                                               \
          if (gated) f = VECTOR(V, gate, i) <= (V){0} ? (V){0} : f;                               \
          sum[i] += f;                                                                            \
          along[i] += f * (VECTOR(V, x, i) - middle[i]);                                          \
        }                                                                                         \
      for (int i = 0; i < COUNT; i++) {                                                           \
        ADD_WIDE(D, firsts[i], sum[i]);                                                           \
        ADD_WIDE(D, seconds[i], along[i]);                                                        \
      }                                                                                           \
    }                                                                                             \
    for (int i = 0; i < COUNT; i++) {                                                             \
      MNG_AT(V, first + c + i * WIDTH) = __builtin_convertvector(firsts[i], V);                   \
      MNG_AT(V, second + c + i * WIDTH) = __builtin_convertvector(seconds[i], V);                 \
    }                                                                                             \
  }

DEFINE_SUMS(mng_f32x16, mng_f64x16, 16, 4)
DEFINE_SUMS(mng_f32x16, mng_f64x16, 16, 1)
DEFINE_SUMS(mng_f32x4, mng_f64x4, 4, 1)

MNG_INLINE void mng_channel_moments_f32_body(size_t rows, size_t columns, const float *x,
                                             float *centre, float *first, float *second) {
  size_t c = 0;
  for (; c + 64 <= columns; c += 64) moments_16_4(rows, columns, c, x, centre, first, second);
  for (; c + 16 <= columns; c += 16) moments_16_1(rows, columns, c, x, centre, first, second);
  for (; c + 4 <= columns; c += 4) moments_4_1(rows, columns, c, x, centre, first, second);
  for (; c < columns; c++) {
    float all = 0;
    for (size_t r = 0; r < rows; r++) all += x[r * columns + c];
    centre[c] = all / (float)rows;
    double sum = 0, square = 0;
    for (size_t r = 0; r < rows; r++) {
      const float d = x[r * columns + c] - centre[c];
      sum += d;
      square += d * d;
    }
    first[c] = (float)sum;
    second[c] = (float)square;
  }
}

MNG_VARIANTS(mng_channel_moments_f32,
             (size_t rows, size_t columns, const float *x, float *centre, float *first,
              float *second),
             (rows, columns, x, centre, first, second))

MNG_INLINE void products(size_t rows, size_t columns, const float *flow, const float *gate,
                         const float *x, const float *centre, float *first, float *second,
                         const int gated) {
  size_t c = 0;
  for (; c + 64 <= columns; c += 64)
    products_16_4(rows, columns, c, flow, gate, x, centre, first, second, gated);
  for (; c + 16 <= columns; c += 16)
    products_16_1(rows, columns, c, flow, gate, x, centre, first, second, gated);
  for (; c + 4 <= columns; c += 4)
    products_4_1(rows, columns, c, flow, gate, x, centre, first, second, gated);
  for (; c < columns; c++) {
    double sum = 0, along = 0;
    for (size_t r = 0; r < rows; r++) {
      const size_t i = r * columns + c;
      const float f = gated && gate[i] <= 0 ? 0 : flow[i];
      sum += f;
      along += f * (x[i] - centre[c]);
    }
    first[c] = (float)sum;
    second[c] = (float)along;
  }
}

MNG_INLINE void mng_channel_products_f32_body(size_t rows, size_t columns, const float *flow,
                                              const float *gate, const float *x,
                                              const float *centre, float *first, float *second) {
  if (gate)
    products(rows, columns, flow, gate, x, centre, first, second, 1);
  else
    products(rows, columns, flow, gate, x, centre, first, second, 0);
}

MNG_VARIANTS(mng_channel_products_f32,
             (size_t rows, size_t columns, const float *flow, const float *gate, const float *x,
              const float *centre, float *first, float *second),
             (rows, columns, flow, gate, x, centre, first, second))

MNG_INLINE void mng_affine_sum_f32_body(size_t rows, size_t columns, const float *x,
                                        const float *centre, const float *scale,
                                        const float *shift, const float *residual, float minimum,
                                        float maximum, float *y) {
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    if (residual) {
      LOOP_IN_PLACE
      for (size_t c = 0; c < columns; c++)
        y[c] = MNG_CLAMP((x[c] - centre[c]) * scale[c] + shift[c] + residual[c], minimum, maximum);
      residual += columns;
    } else {
      LOOP_IN_PLACE
      for (size_t c = 0; c < columns; c++)
        y[c] = MNG_CLAMP((x[c] - centre[c]) * scale[c] + shift[c], minimum, maximum);
    }
  }
}

MNG_VARIANTS(mng_affine_sum_f32,
             (size_t rows, size_t columns, const float *x, const float *centre,
              const float *scale, const float *shift, const float *residual, float minimum,
              float maximum, float *y),
             (rows, columns, x, centre, scale, shift, residual, minimum, maximum, y))

MNG_INLINE void mng_channel_blend_f32_body(size_t rows, size_t columns, const float *flow,
                                           const float *gate, const float *x, const float *level,
                                           const float *scale, const float *centre,
                                           const float *slope, float *y) {
  for (size_t r = 0; r < rows; r++, flow += columns, x += columns, y += columns) {
    if (gate) {
      LOOP_IN_PLACE
      for (size_t c = 0; c < columns; c++)
        y[c] = ((gate[c] <= 0 ? 0 : flow[c]) - level[c]) * scale[c] + (x[c] - centre[c]) * slope[c];
      gate += columns;
    } else {
      LOOP_IN_PLACE
      for (size_t c = 0; c < columns; c++)
        y[c] = (flow[c] - level[c]) * scale[c] + (x[c] - centre[c]) * slope[c];
    }
  }
}

MNG_VARIANTS(mng_channel_blend_f32,
             (size_t rows, size_t columns, const float *flow, const float *gate, const float *x,
              const float *level, const float *scale, const float *centre, const float *slope,
              float *y),
             (rows, columns, flow, gate, x, level, scale, centre, slope, y))
