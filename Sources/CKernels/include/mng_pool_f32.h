#ifndef MNG_POOL_F32_H
#define MNG_POOL_F32_H

#include "mng_convolution_f32.h"

/// `y[n, oy, ox, c]` is the greatest input of the window, padding left out; a NaN in the window
/// gives NaN. A line is one row of an output image, counted over the batch. `y` does not overlap
/// `x`.
void mng_max_pool_f32(const mng_window *window, const float *x, float *y, size_t line_begin,
                      size_t line_end);

/// `y[n, oy, ox, c]` is the mean over the window. With `count_padding`, padding counts as zeros, as
/// far as `pad_bottom` and `pad_right` reach; without, only inputs count. `y` does not overlap `x`.
void mng_average_pool_f32(const mng_window *window, size_t pad_bottom, size_t pad_right,
                          bool count_padding, const float *x, float *y, size_t line_begin,
                          size_t line_end);

#endif
