#ifndef MNG_FOLD_F32_H
#define MNG_FOLD_F32_H

#include "mng_convolution_f32.h"

/// The second half of a transposed convolution: adds up what each input pixel spreads over its
/// window. `window` is that of the convolution that it transposes: its output pixels are this one's
/// inputs, its input
/// `[batch, height, width, channels]` is this one's result.
/// - `x`: `[batch, out_height, out_width, groups, kernel_height, kernel_width, channels / groups]`.
/// `y[n, iy, ix, c] = clamp(bias[c] + sum of the x that fall on it)`, window rows and columns in
/// order. A line is one row of a result image, counted over the batch. No overlap; `bias` may be
/// NULL.
void mng_fold_f32(const mng_window *window, size_t groups, const float *x, const float *bias,
                  float minimum, float maximum, float *y, size_t line_begin, size_t line_end);

#endif
