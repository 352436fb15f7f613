#ifndef MNG_BATCH_NORM_F32_H
#define MNG_BATCH_NORM_F32_H

#include <stddef.h>

/// Sums over `rows` rows of `columns` channels, for statistics of a batch: `centre[c]` is about the mean of x[r, c],
/// `first[c]` the sum of what x is beside it, `second[c]` the sum of the squares of that. `x` is read twice.
void mng_channel_moments_f32(size_t rows, size_t columns, const float *x, float *centre,
                             float *first, float *second);

/// `first[c] = sum of f[r, c]`, `second[c] = sum of f[r, c] * (x[r, c] - centre[c])`, where f is
/// `flow`, or zero where `gate` is not above zero; `gate` may be NULL.
void mng_channel_products_f32(size_t rows, size_t columns, const float *flow, const float *gate,
                              const float *x, const float *centre, float *first, float *second);

/// `y[r, c] = clamp((x[r, c] - centre[c]) * scale[c] + shift[c] + residual[r, c])`; `residual` may be
/// NULL; `y` may be `x` or `residual`. Differences come first: what is left of them is small beside `x`.
void mng_affine_sum_f32(size_t rows, size_t columns, const float *x, const float *centre,
                        const float *scale, const float *shift, const float *residual,
                        float minimum, float maximum, float *y);

/// `y[r, c] = (f[r, c] - level[c]) * scale[c] + (x[r, c] - centre[c]) * slope[c]`, f as in
/// `mng_channel_products_f32`; `y` may be `flow` or `x`.
void mng_channel_blend_f32(size_t rows, size_t columns, const float *flow, const float *gate,
                           const float *x, const float *level, const float *scale,
                           const float *centre, const float *slope, float *y);

#endif
