// Internal: the transforms, as the driver calls them.
#ifndef WINOGRAD_F32_H
#define WINOGRAD_F32_H

#include "mng_winograd_f32.h"

// Of the points ±P and ±Q: squares, their sum and product, cubes.
#define MNG_WINOGRAD_P 0.75f
#define MNG_WINOGRAD_Q 1.5f

/// `to[36][tiles][channels]` from the inputs of tiles `[tile_begin, tile_end)`; `row` floats from a
/// tile to the next, `plane` from one of the 36 to the next.
void mng_winograd_f32_input(const mng_window *window, const float *x, const float *zero,
                            size_t tile_begin, size_t tile_end, float *to, size_t row,
                            size_t plane);

/// `y` of tiles `[tile_begin, tile_end)` and output channels `[column_begin, column_end)` from the
/// products `[36][tiles][columns]`.
void mng_winograd_f32_output(const mng_window *window, const float *products, size_t row,
                             size_t plane, size_t tile_begin, size_t tile_end, size_t column_begin,
                             size_t column_end, const mng_epilogue_f32 *epilogue, float *y);

/// The 36 panels of `count` inputs, `to[36][count][width]` with `matrix` floats from one to the
/// next, from `taps[count][9][width]`.
void mng_winograd_f32_weights(const float *taps, size_t count, size_t width, float *to,
                              size_t matrix);

/// `A dy Aᵀ` of `columns` outputs from `column` on, `to[36][tiles][width]` with `plane` floats from
/// one of the 36 to the next, zeros beyond `columns`; `zero` stands for what is beyond the image.
void mng_winograd_f32_flow(const mng_window *window, const float *flow, const float *zero,
                           size_t tile_begin, size_t tile_end, size_t column, size_t columns,
                           float *to, size_t width, size_t plane);

/// `Gᵀ m G` of `sums[36][channels][width]`: the 9 taps of each channel for `columns` outputs, whose
/// rows lie `stride` floats apart. `taps` has room for `[channels][9][width]`.
void mng_winograd_f32_taps(const float *sums, size_t channels, size_t width, float *taps,
                           float *dweight, size_t stride, size_t columns);

#endif
