#ifndef MNG_DEPTHWISE_F32_H
#define MNG_DEPTHWISE_F32_H

#include "mng_convolution_f32.h"

/// Depthwise convolution: output channel `o` sums over the window of input channel `o /
/// (out_channels / channels)`. `y[n, oy, ox, o] = clamp(bias[o] + sum over (h, w) of x[n, iy, ix, o
/// / multiplier] * weight[h, w, o])`.
/// - `weight`: `[kernel_height, kernel_width, out_channels]`; `bias`: `[out_channels]` or NULL.
/// - A line is one row of an output image, counted over the batch; lines `[line_begin, line_end)`
/// are computed. `y` does not overlap `x`; a sum runs over the window in order.
void mng_depthwise_f32(const mng_window *window, const float *x, const float *weight,
                       const float *bias, float minimum, float maximum, float *y, size_t line_begin,
                       size_t line_end);

#endif
