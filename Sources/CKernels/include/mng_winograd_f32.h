#ifndef MNG_WINOGRAD_F32_H
#define MNG_WINOGRAD_F32_H

#include "mng_convolution_f32.h"

/// Convolutions with windows 3 by 3, stride 1 and no dilation by Winograd's F(4x4, 3x3): a tile of
/// 4 by 4 outputs comes from 6 by 6 inputs, `y = Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A`; over all channels the
/// elementwise products are 36 matrix products. It takes 2.25 multiplications an output where the
/// sum itself takes 9.
///
/// The points are 0, ±3/4, ±3/2 and infinity: all of `A` and `B` are exact in binary, and errors
/// are a quarter of those with the textbook's 0, ±1, ±2.
/// - Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015).
enum {
  MNG_WINOGRAD_TILE = 4,     ///< outputs of a tile along an axis
  MNG_WINOGRAD_SPAN = 6,     ///< inputs of a tile along an axis
  MNG_WINOGRAD_POINTS = 36,  ///< matrix products
};

/// Tiles of all images: `batch * ceil(out_height / 4) * ceil(out_width / 4)`.
size_t mng_winograd_f32_tiles(const mng_window *window);

/// Floats of the packed weights of `channels` inputs and `outputs`.
size_t mng_winograd_f32_packed_count(mng_isa isa, size_t channels, size_t outputs);

/// Transforms and packs panels `[panel_begin, panel_end)` of the weights `[outputs, inputs, 3, 3]`;
/// ranges of panels may be packed at the same time. `packed` is 64-byte aligned: `[36]` matrices as
/// `mng_gemm_f32_pack` makes them.
void mng_winograd_f32_pack(mng_isa isa, const mng_weight_f32 *weight, float *packed,
                           size_t panel_begin, size_t panel_end);

/// How the tiles and panels of one call are cut, so that what passes between the transforms stays
/// in the second cache level.
typedef struct mng_winograd_cut {
  size_t tiles;   ///< whose transformed inputs are there at a time
  size_t panels;  ///< whose products with them are there at a time
  size_t input_row, input_plane, product_row, product_plane;  ///< floats
  size_t bytes;                                               ///< of `scratch`
} mng_winograd_cut;

/// The cut for calls of at most `tiles` tiles and `panels` panels.
mng_winograd_cut mng_winograd_f32_cut(mng_isa isa, const mng_window *window, size_t tiles,
                                      size_t panels);

/// `y = epilogue(convolution(x))` of tiles `[tile_begin, tile_end)`, for the output channels of
/// panels `[panel_begin, panel_end)`; no result depends on either, nor on `cut`.
/// - `zero`: `channels` zeros; `y` and the residual: `[batch, out_height, out_width,
/// out_channels]`. `y` does not overlap `x`. `scratch` is 64-byte aligned.
void mng_winograd_f32(mng_isa isa, const mng_window *window, const mng_winograd_cut *cut,
                      const float *x, const float *packed, const float *zero, float *y,
                      size_t tile_begin, size_t tile_end, size_t panel_begin, size_t panel_end,
                      const mng_epilogue_f32 *epilogue, void *scratch);

#endif
