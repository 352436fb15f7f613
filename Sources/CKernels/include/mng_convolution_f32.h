#ifndef MNG_CONVOLUTION_F32_H
#define MNG_CONVOLUTION_F32_H

#include "mng_gemm_f32.h"

/// Extents of a window operation over channels-last images: input `[batch, height, width,
/// channels]`, output `[batch, out_height, out_width, out_channels]`. The window of output row `oy`
/// starts at input row `oy * stride_height - pad_top`; what lies outside the input is padding, on
/// whichever side.
typedef struct mng_window {
  size_t batch, height, width, channels;
  size_t out_height, out_width, out_channels;
  size_t kernel_height, kernel_width;
  size_t stride_height, stride_width;
  size_t dilation_height, dilation_width;
  size_t pad_top, pad_left;
} mng_window;

/// How the groups of a convolution are packed: `merge` neighbours share one block-diagonal matrix.
typedef struct mng_convolution_packing {
  size_t groups;  ///< packed groups (the convolution's, divided by `merge`)
  size_t merge;
  size_t inputs;   ///< input channels of a packed group
  size_t outputs;  ///< output channels of a packed group
  size_t panels;   ///< panels of a packed group
  size_t count;    ///< floats of all packed groups
} mng_convolution_packing;

mng_convolution_packing mng_convolution_f32_packing(mng_isa isa, const mng_window *window,
                                                    size_t groups);

/// Packs the groups `[group_begin, group_end)` of `packing`. `weight` is `[out_channels, channels /
/// groups, kernel_height, kernel_width]`.
void mng_convolution_f32_pack(mng_isa isa, const mng_convolution_packing *packing,
                              const mng_weight_f32 *weight, float *packed, size_t group_begin,
                              size_t group_end);

/// Bytes of `scratch` that `mng_convolution_f32` wants.
size_t mng_convolution_f32_scratch(const mng_window *window,
                                   const mng_convolution_packing *packing);

/// `y = epilogue(convolution(x))` by indirect GEMM: no image is unrolled in memory.
/// A row is one output pixel, counted over batch, height and width; a panel is counted over all
/// packed groups.
/// - `zero`: `channels` zeros, 64-byte aligned; `y`: `[rows, out_channels]` with `y_stride` floats
/// between rows. `y` does not overlap `x`; sums run over (kernel row, kernel column, channel) in
/// order.
void mng_convolution_f32(mng_isa isa, const mng_window *window,
                         const mng_convolution_packing *packing, const float *x,
                         const float *packed, const float *zero, float *y, size_t y_stride,
                         size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                         const mng_epilogue_f32 *epilogue, void *scratch);

#endif
