#include "mng_unary_gradient_f32.h"

#include "lanes.h"
#include "math_f32.h"

#define CASE(SLOPE, VALUE)               \
  case SLOPE:                            \
    LOOP_IN_PLACE                        \
    for (size_t i = 0; i < count; i++) { \
      const float x = v[i];              \
      const float flowing = flow[i];     \
      y[i] = VALUE;                      \
    }                                    \
    break;

/// s (1 + x (1 - s)), s being sigmoid(x).
MNG_INLINE float silu_slope(float x) {
  const float s = m_sigmoid(x);
  return s * (1 + x * (1 - s));
}

/// The normal distribution and x times its density.
MNG_INLINE float gelu_erf_slope(float x) {
  const float density = 0.3989422804f * m_exp_negative(-0.5f * x * x);
  return 0.5f + 0.5f * m_erf(0.7071067812f * x) + x * density;
}

MNG_INLINE float gelu_tanh_slope(float x) {
  const float square = x * x;
  // (1 + tanh(u)) / 2 is sigmoid(2 u), whose slope is s (1 - s) du.
  const float s = m_sigmoid(1.59576912f * (x + 0.044715f * square * x));
  return s * (1 + x * (1 - s) * (1.59576912f + 0.2140644488f * square));
}

MNG_INLINE float between(float v, float low, float high) { return v > low && v < high ? 1 : 0; }

MNG_INLINE void mng_unary_gradient_f32_body(mng_slope slope, size_t count, const float *flow,
                                            const float *v, float alpha, float beta, float *y) {
  switch (slope) {
    CASE(MNG_SLOPE_RELU, x <= 0 ? 0 : flowing)
    CASE(MNG_SLOPE_CLIP, x >= alpha && x <= beta ? flowing : 0)
    CASE(MNG_SLOPE_LEAKY_RELU, x < 0 ? alpha * flowing : flowing)
    CASE(MNG_SLOPE_SIGMOID, flowing * x * (1 - x))
    CASE(MNG_SLOPE_TANH, flowing * (1 - x * x))
    CASE(MNG_SLOPE_SILU, flowing * silu_slope(x))
    CASE(MNG_SLOPE_GELU_ERF, flowing * gelu_erf_slope(x))
    CASE(MNG_SLOPE_GELU_TANH, flowing * gelu_tanh_slope(x))
    CASE(MNG_SLOPE_HARD_SIGMOID, flowing * alpha * between(alpha * x + beta, 0, 1))
    CASE(MNG_SLOPE_HARD_SWISH, flowing * (MNG_CLAMP(alpha * x + beta, 0.0f, 1.0f) +
                                          alpha * x * between(alpha * x + beta, 0, 1)))
  }
}

MNG_VARIANTS(mng_unary_gradient_f32,
             (mng_slope slope, size_t count, const float *flow, const float *v, float alpha,
              float beta, float *y),
             (slope, count, flow, v, alpha, beta, y))
