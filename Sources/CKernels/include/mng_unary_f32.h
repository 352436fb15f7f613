#ifndef MNG_UNARY_F32_H
#define MNG_UNARY_F32_H

#include <stddef.h>

typedef enum mng_unary {
  MNG_UNARY_CLIP,        ///< min(max(x, alpha), beta)
  MNG_UNARY_LEAKY_RELU,  ///< x < 0 ? alpha x : x
  MNG_UNARY_ELU,         ///< x < 0 ? alpha (e^x - 1) : x
  MNG_UNARY_SELU,        ///< beta (x < 0 ? alpha (e^x - 1) : x)
  MNG_UNARY_SIGMOID,
  MNG_UNARY_HARD_SIGMOID,  ///< min(max(alpha x + beta, 0), 1)
  MNG_UNARY_HARD_SWISH,    ///< x min(max(alpha x + beta, 0), 1)
  MNG_UNARY_SILU,          ///< x sigmoid(x)
  MNG_UNARY_MISH,          ///< x tanh(softplus(x))
  MNG_UNARY_GELU_ERF,      ///< x (1 + erf(x / sqrt(2))) / 2
  MNG_UNARY_GELU_TANH,     ///< x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
  MNG_UNARY_SOFTPLUS,      ///< log(1 + e^x)
  MNG_UNARY_SOFTSIGN,      ///< x / (1 + |x|)
  MNG_UNARY_TANH,
  MNG_UNARY_ERF,
  MNG_UNARY_EXP,
  MNG_UNARY_LOG,
  MNG_UNARY_SQRT,
  MNG_UNARY_RECIPROCAL,
  MNG_UNARY_NEGATE,
  MNG_UNARY_ABSOLUTE,
  MNG_UNARY_FLOOR,
  MNG_UNARY_CEIL,
  MNG_UNARY_ROUND,  ///< to the nearest integer, ties to even
  MNG_UNARY_SIGN,
} mng_unary;

/// `y[i] = op(x[i])`; NaN gives NaN; `y` may be `x`.
void mng_unary_f32(mng_unary op, size_t count, const float *x, float alpha, float beta, float *y);

#endif
