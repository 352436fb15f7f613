#include "mng_unary_f32.h"

#include "lanes.h"
#include "math_f32.h"

#define CASE(OP, VALUE)                  \
  case OP:                               \
    LOOP_IN_PLACE                        \
    for (size_t i = 0; i < count; i++) { \
      const float v = x[i];              \
      y[i] = VALUE;                      \
    }                                    \
    break;

MNG_INLINE float unit(float v) { return MNG_CLAMP(v, 0.0f, 1.0f); }

MNG_INLINE void mng_unary_f32_body(mng_unary op, size_t count, const float *x, float alpha,
                                   float beta, float *y) {
  switch (op) {
    CASE(MNG_UNARY_CLIP, v < alpha ? alpha : v > beta ? beta : v)
    CASE(MNG_UNARY_LEAKY_RELU, v < 0 ? alpha * v : v)
    CASE(MNG_UNARY_ELU, v < 0 ? alpha * m_expm1(v) : v)
    CASE(MNG_UNARY_SELU, beta * (v < 0 ? alpha * m_expm1(v) : v))
    CASE(MNG_UNARY_SIGMOID, m_sigmoid(v))
    CASE(MNG_UNARY_HARD_SIGMOID, unit(alpha * v + beta))
    CASE(MNG_UNARY_HARD_SWISH, v * unit(alpha * v + beta))
    CASE(MNG_UNARY_SILU, m_silu(v))
    CASE(MNG_UNARY_MISH, m_mish(v))
    CASE(MNG_UNARY_GELU_ERF, m_gelu_erf(v))
    CASE(MNG_UNARY_GELU_TANH, m_gelu_tanh(v))
    CASE(MNG_UNARY_SOFTPLUS, m_softplus(v))
    CASE(MNG_UNARY_SOFTSIGN, v / (1 + fabsf(v)))
    CASE(MNG_UNARY_TANH, m_tanh(v))
    CASE(MNG_UNARY_ERF, m_erf(v))
    CASE(MNG_UNARY_EXP, m_exp(v))
    CASE(MNG_UNARY_LOG, m_log(v))
    CASE(MNG_UNARY_SQRT, __builtin_elementwise_sqrt(v))
    CASE(MNG_UNARY_RECIPROCAL, 1 / v)
    CASE(MNG_UNARY_NEGATE, -v)
    CASE(MNG_UNARY_ABSOLUTE, fabsf(v))
    CASE(MNG_UNARY_FLOOR, __builtin_elementwise_floor(v))
    CASE(MNG_UNARY_CEIL, __builtin_elementwise_ceil(v))
    CASE(MNG_UNARY_ROUND, __builtin_elementwise_roundeven(v))
    CASE(MNG_UNARY_SIGN, v > 0 ? 1.0f : v < 0 ? -1.0f : v)
  }
}

MNG_VARIANTS(mng_unary_f32,
             (mng_unary op, size_t count, const float *x, float alpha, float beta, float *y),
             (op, count, x, alpha, beta, y))
