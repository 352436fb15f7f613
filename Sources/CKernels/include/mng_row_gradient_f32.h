#ifndef MNG_ROW_GRADIENT_F32_H
#define MNG_ROW_GRADIENT_F32_H

#include <stdbool.h>
#include <stddef.h>

/// How a loss moves with the rows that `mng_layer_norm_f32` (`centred`) or `mng_rms_norm_f32` took:
/// `dx = (s - mean(s) - n * mean(s * n)) / deviation` with `s = flow * scale` and n the normalised
/// row; without `mean(s)` when not centred. Adds `flow * n` to `by_scale` and `flow` to `by_shift`,
/// either of which may be NULL. `dx` may be `flow` or `x`.
void mng_row_norm_gradient_f32(bool centred, size_t rows, size_t columns, const float *flow,
                               const float *x, const float *scale, float epsilon, float *dx,
                               float *by_scale, float *by_shift);

/// `dx = y (flow - sum of flow * y)`, for logarithms `dx = flow - e^y * sum of flow`, row by row;
/// `dx` may be `flow` or `y`.
void mng_softmax_gradient_f32(bool logarithm, size_t rows, size_t columns, const float *flow,
                              const float *y, float *dx);

/// `to[indices[i], c] += from[i, c]` for the columns `[begin, end)`.
void mng_add_rows_f32(size_t count, const ptrdiff_t *indices, size_t columns, const float *from,
                      float *to, size_t begin, size_t end);

#endif
