#ifndef MNG_WINDOW_GRADIENT_F32_H
#define MNG_WINDOW_GRADIENT_F32_H

#include <stdbool.h>

#include "mng_convolution_f32.h"

/// Gradients of window operations over channels-last images. `window` is that of the forward
/// operation: `x` and `dx` are `[batch, height, width, channels]`, `dy` is `[batch, out_height,
/// out_width, channels]`. Nothing overlaps; sums have one order.

/// Of max pooling, whole images `[image_begin, image_end)`: each `dy` goes to the first greatest
/// element of its window. `dx` is written in full.
void mng_max_pool_gradient_f32(const mng_window *window, const float *x, const float *dy, float *dx,
                               size_t image_begin, size_t image_end);

/// Of average pooling, whole images: each `dy` is shared by its window's elements. As in
/// `mng_average_pool_f32`, `count_padding` counts padding as elements.
void mng_average_pool_gradient_f32(const mng_window *window, size_t pad_bottom, size_t pad_right,
                                   bool count_padding, const float *dy, float *dx,
                                   size_t image_begin, size_t image_end);

/// Of a depthwise convolution, by its input, whole images; `weight` is `[kernel_height,
/// kernel_width, channels]`.
void mng_depthwise_input_gradient_f32(const mng_window *window, const float *dy,
                                      const float *weight, float *dx, size_t image_begin,
                                      size_t image_end);

/// Of a depthwise convolution, by its weight: `dweight[h, w, c]` for the channels `[channel_begin,
/// channel_end)`, the sum over all places of the window of `x · dy`.
void mng_depthwise_weight_gradient_f32(const mng_window *window, const float *x, const float *dy,
                                       float *dweight, size_t channel_begin, size_t channel_end);

#endif
