#ifndef MNG_NORMALIZE_F32_H
#define MNG_NORMALIZE_F32_H

#include <stddef.h>

/// `y[r, c] = e^(x[r, c] - max) / sum over c of e^(x[r, c] - max)`; `y` may be `x`.
void mng_softmax_f32(size_t rows, size_t columns, const float *x, float *y);

/// `y[r, c] = x[r, c] - max - log(sum over c of e^(x[r, c] - max))`; `y` may be `x`.
void mng_log_softmax_f32(size_t rows, size_t columns, const float *x, float *y);

/// `y[r, c] = (x[r, c] - mean) / sqrt(variance + epsilon) * scale[c] + shift[c]`, with the row's
/// mean and its variance divided by `columns`. `scale` and `shift` may be NULL; `y` may be `x`.
void mng_layer_norm_f32(size_t rows, size_t columns, const float *x, const float *scale,
                        const float *shift, float epsilon, float *y);

/// `y[r, c] = x[r, c] / sqrt(mean of the row's squares + epsilon) * scale[c]`. `scale` may be NULL;
/// `y` may be `x`.
void mng_rms_norm_f32(size_t rows, size_t columns, const float *x, const float *scale,
                      float epsilon, float *y);

/// `y[r, c] = x[r, c] / (bias + alpha / size * sum of x[r, i]^2)^beta` over the `size` channels
/// around `c`: from `c - (size - 1) / 2` to `c + size / 2`, both rounded down, as far as there are
/// channels. No overlap.
void mng_local_response_norm_f32(size_t rows, size_t columns, const float *x, size_t size,
                                 float alpha, float beta, float bias, float *y);

#endif
