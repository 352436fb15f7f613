#ifndef MNG_BLAS_H
#define MNG_BLAS_H

#include <stdbool.h>
#include <stddef.h>

#include "mng_convolution_f32.h"

/// Whether the system's OpenBLAS could be loaded. It is loaded on the first question, so that
/// programs that never ask do not start its threads; it then runs on the calling thread alone.
bool mng_blas_available(void);

/// `c = a · b + (keep ? c : 0)` by OpenBLAS, row-major with strides in floats between rows: `a` is
/// `[m, k]`, `b` `[k, n]`, `c` `[m, n]`. Only where `mng_blas_available()`; extents below 2^31.
void mng_blas_f32(size_t m, size_t n, size_t k, const float *a, size_t a_stride, const float *b,
                  size_t b_stride, bool keep, float *c, size_t c_stride);

/// `[kernel_height, kernel_width, inputs, outputs]`, dense, scaled: the right-hand matrix of
/// `mng_blas_f32`.
void mng_weight_f32_dense(const mng_weight_f32 *weight, float *dense);

/// The windows of output pixels `[row_begin, row_end)`: `columns[row][kernel row][kernel
/// column][channel]` for `channels` channels from `first_channel`, zeros for padding.
void mng_unfold_f32(const mng_window *window, size_t first_channel, size_t channels, const float *x,
                    size_t row_begin, size_t row_end, float *columns);

/// `y[r, c] = clamp(y[r, c] + bias[c])`; `bias` may be NULL.
void mng_finish_f32(size_t rows, size_t columns, const float *bias, float minimum, float maximum,
                    float *y, size_t y_stride);

#endif
