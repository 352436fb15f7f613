#include "mng_optimize_f32.h"

#include "lanes.h"

#define FLOAT_LOOP LOOP_IN_PLACE for (size_t i = 0; i < count; i++)

MNG_INLINE void mng_sgd_f32_body(const mng_sgd_step *step, size_t count, const float *g, float *b,
                                 float *x) {
  const mng_sgd_step s = *step;
  if (!b) {
    FLOAT_LOOP x[i] -= s.rate * (g[i] + s.decay * x[i]);
    return;
  }
  // The first momentum is the gradient itself, however damped.
  const float gain = s.first ? 1 : s.gain, momentum = s.first ? 0 : s.momentum;
  const float own = s.nesterov ? 1 : 0, along = s.nesterov ? s.momentum : 1;
  FLOAT_LOOP {
    const float d = g[i] + s.decay * x[i];
    b[i] = momentum * b[i] + gain * d;
    x[i] -= s.rate * (own * d + along * b[i]);
  }
}

MNG_VARIANTS(mng_sgd_f32,
             (const mng_sgd_step *step, size_t count, const float *g, float *b, float *x),
             (step, count, g, b, x))

MNG_INLINE void mng_adam_f32_body(const mng_adam_step *step, size_t count, const float *g, float *m,
                                  float *v, float *most, float *x) {
  const mng_adam_step s = *step;
#define ADAM(SECOND)                                                                    \
  FLOAT_LOOP {                                                                          \
    const float kept = x[i] * s.keep;                                                   \
    const float d = g[i] + s.decay * kept;                                              \
    m[i] += s.first_share * (d - m[i]);                                                 \
    v[i] = v[i] * s.second_keep + s.second_share * d * d;                               \
    const float second = SECOND;                                                        \
    x[i] = kept - s.rate * (m[i] / (__builtin_elementwise_sqrt(second) / s.root + s.epsilon)); \
  }
  if (most) {
    ADAM(most[i] = v[i] > most[i] ? v[i] : most[i])
  } else {
    ADAM(v[i])
  }
#undef ADAM
}

MNG_VARIANTS(mng_adam_f32,
             (const mng_adam_step *step, size_t count, const float *g, float *m, float *v,
              float *most, float *x),
             (step, count, g, m, v, most, x))

/// Rounding must not make a variance negative; NaN stays.
MNG_INLINE float not_below_zero(float v) { return v < 0 ? 0 : v; }

MNG_INLINE void mng_rmsprop_f32_body(const mng_rmsprop_step *step, size_t count, const float *g,
                                     float *v, float *a, float *b, float *x) {
  const mng_rmsprop_step s = *step;
#define RMSPROP(VARIANCE, MOVE)                                                  \
  FLOAT_LOOP {                                                                   \
    const float d = g[i] + s.decay * x[i];                                       \
    v[i] = v[i] * s.keep + s.share * d * d;                                      \
    const float variance = VARIANCE;                                             \
    const float u = d / (__builtin_elementwise_sqrt(variance) + s.epsilon);      \
    x[i] -= s.rate * (MOVE);                                                     \
  }
#define CENTRED (a[i] += s.share * (d - a[i]), not_below_zero(v[i] - a[i] * a[i]))
#define MOMENTUM (b[i] = s.momentum * b[i] + u)
  if (a && b) {
    RMSPROP(CENTRED, MOMENTUM)
  } else if (a) {
    RMSPROP(CENTRED, u)
  } else if (b) {
    RMSPROP(v[i], MOMENTUM)
  } else {
    RMSPROP(v[i], u)
  }
#undef MOMENTUM
#undef CENTRED
#undef RMSPROP
}

MNG_VARIANTS(mng_rmsprop_f32,
             (const mng_rmsprop_step *step, size_t count, const float *g, float *v, float *a,
              float *b, float *x),
             (step, count, g, v, a, b, x))

MNG_INLINE void mng_lion_f32_body(const mng_lion_step *step, size_t count, const float *g, float *m,
                                  float *x) {
  const mng_lion_step s = *step;
  FLOAT_LOOP {
    const float away = g[i] - m[i], u = m[i] + s.first_share * away;
    x[i] = x[i] * s.keep - s.rate * (u > 0 ? 1.0f : u < 0 ? -1.0f : u);
    m[i] += s.second_share * away;
  }
}

MNG_VARIANTS(mng_lion_f32,
             (const mng_lion_step *step, size_t count, const float *g, float *m, float *x),
             (step, count, g, m, x))

enum { LANES = 8 };
typedef double mng_f64x8 __attribute__((ext_vector_type(8)));

#define WIDE(p) __builtin_convertvector(MNG_READ(mng_f32x8, p), mng_f64x8)
#define SQUARE(v) ((v) * (v))

MNG_INLINE void mng_adafactor_row_f32_body(size_t count, const float *g, const float *v,
                                           float scale, float floor, float rate, float keep,
                                           float *x, double *sum) {
  mng_f64x8 squares = {0};
  size_t i = 0;
#define ROW(V, WIDTH, ADD)                                                \
  for (; i + WIDTH <= count; i += WIDTH) {                                \
    V second = MNG_READ(V, v + i) * scale;                                \
    second = second < floor ? (V){0} + floor : second;                    \
    const V u = MNG_READ(V, g + i) / __builtin_elementwise_sqrt(second);  \
    ADD;                                                                  \
    if (x) MNG_AT(V, x + i) = MNG_READ(V, x + i) * keep - rate * u;       \
  }
  ROW(mng_f32x8, 8, squares += SQUARE(__builtin_convertvector(u, mng_f64x8)))
  double rest = 0;
  ROW(mng_f32x1, 1, rest += SQUARE((double)u))
#undef ROW
  for (int lane = 0; lane < LANES; lane++) rest += squares[lane];
  *sum += rest;
}

MNG_VARIANTS(mng_adafactor_row_f32,
             (size_t count, const float *g, const float *v, float scale, float floor, float rate,
              float keep, float *x, double *sum),
             (count, g, v, scale, floor, rate, keep, x, sum))

MNG_INLINE void mng_sum_of_squares_f32_body(size_t count, const float *x, double *sum) {
  mng_f64x8 a = {0}, b = {0};
  size_t i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    a += SQUARE(WIDE(x + i));
    b += SQUARE(WIDE(x + i + LANES));
  }
  double rest = 0;
  for (; i < count; i++) rest += SQUARE((double)x[i]);
  a += b;
  for (int lane = 0; lane < LANES; lane++) rest += a[lane];
  *sum = rest;
}

MNG_VARIANTS(mng_sum_of_squares_f32, (size_t count, const float *x, double *sum), (count, x, sum))

MNG_INLINE void mng_column_squares_f32_body(size_t rows, size_t columns, size_t stride,
                                            const float *x, double *sums) {
  for (size_t c = 0; c < columns; c++) sums[c] = 0;
  for (size_t r = 0; r < rows; r++, x += stride)
    for (size_t c = 0; c < columns; c++) sums[c] += SQUARE((double)x[c]);
}

MNG_VARIANTS(mng_column_squares_f32,
             (size_t rows, size_t columns, size_t stride, const float *x, double *sums),
             (rows, columns, stride, x, sums))

MNG_INLINE void mng_approach_f32_body(size_t count, float share, const float *x, float *y) {
  FLOAT_LOOP y[i] += share * (x[i] - y[i]);
}

MNG_VARIANTS(mng_approach_f32, (size_t count, float share, const float *x, float *y),
             (count, share, x, y))
