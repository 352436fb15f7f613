#ifndef MNG_UNARY_GRADIENT_F32_H
#define MNG_UNARY_GRADIENT_F32_H

#include <stddef.h>

/// What the slope is that of; `alpha` and `beta` as `mng_unary_f32` has them.
typedef enum mng_slope {
  MNG_SLOPE_RELU,  ///< by the result
  MNG_SLOPE_CLIP,  ///< between alpha and beta, both included
  MNG_SLOPE_LEAKY_RELU,
  MNG_SLOPE_SIGMOID,  ///< by the result
  MNG_SLOPE_TANH,     ///< by the result
  MNG_SLOPE_SILU,
  MNG_SLOPE_GELU_ERF,
  MNG_SLOPE_GELU_TANH,
  MNG_SLOPE_HARD_SIGMOID,
  MNG_SLOPE_HARD_SWISH,
} mng_slope;

/// `y[i] = flow[i] * slope(v[i])`; `y` may be `flow` or `v`.
void mng_unary_gradient_f32(mng_slope slope, size_t count, const float *flow, const float *v,
                            float alpha, float beta, float *y);

#endif
