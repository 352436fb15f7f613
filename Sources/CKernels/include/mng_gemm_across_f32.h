#ifndef MNG_GEMM_ACROSS_F32_H
#define MNG_GEMM_ACROSS_F32_H

#include "mng_convolution_f32.h"

// Products that sum over the rows of both operands, as gradients of weights are: the left one is
// read in the order in which it lies, and so is the right one, unless `mng_gemm_f32_pack` packed
// it, which pays where many rows of the result ask for it and it is small.

/// Tiles of the result's rows: `units` of `rows` each, of which no tile has rows of two.
size_t mng_gemm_f32_across_tiles(mng_isa isa, size_t units, size_t rows);

/// Bytes of `scratch` that both functions below want.
size_t mng_gemm_f32_across_scratch(mng_isa isa, size_t k);

/// `y[m, n] = sum over k of a[k, m] * b[k, n]`, added to what `y` holds if it `accumulates`. `a` is
/// `[k, rows]` with `a_stride` floats between rows, `b` `[k, n]` with `b_stride`, or packed if
/// that is 0. Computes the tiles `[tile_begin, tile_end)` of one unit of `rows`, of the columns of
/// panels `[panel_begin, panel_end)`. Sums have one order, whatever the ranges. No overlap;
/// `scratch` is 64-byte aligned.
void mng_gemm_f32_across(mng_isa isa, const float *a, size_t a_stride, size_t rows, size_t k,
                         const float *b, size_t b_stride, size_t n, bool accumulates, float *y,
                         size_t y_stride, size_t tile_begin, size_t tile_end, size_t panel_begin,
                         size_t panel_end, void *scratch);

/// Rows that windows have in memory: units, and rows of a unit, for `channels` of a group.
void mng_window_rows(const mng_window *window, size_t channels, size_t *units, size_t *rows);

/// The gradient of a convolution's weight: `a` is, for each output pixel, what its window sees of
/// the channels `[first_channel, first_channel + channels)` of `x`; `dy` is the gradient of the
/// result, `[pixels, n]` with `dy_stride` floats between rows; `y` is `[kernel_height,
/// kernel_width, channels, n]` with `y_stride` floats from one channel to the next. Tiles are those
/// of `mng_window_rows`.
void mng_convolution_weight_gradient_f32(mng_isa isa, const mng_window *window,
                                         size_t first_channel, size_t channels, const float *x,
                                         const float *dy, size_t dy_stride, size_t n, float *y,
                                         size_t y_stride, size_t tile_begin, size_t tile_end,
                                         size_t panel_begin, size_t panel_end, void *scratch);

#endif
