#ifndef MNG_WINOGRAD_GRADIENT_F32_H
#define MNG_WINOGRAD_GRADIENT_F32_H

#include "mng_winograd_f32.h"

/// The gradient of a weight `[outputs, channels, 3, 3]` by the transposed of Winograd's F(4x4, 3x3):
/// `dg = Gᵀ (sum over tiles of (A dy Aᵀ) ⊙ (Bᵀ d B)) G`, of which the sums are 36 matrix products
/// over the tiles. It takes 2.25 multiplications a pixel where the sum itself takes 9.
///
/// Tiles are taken a chunk at a time: both transforms of a chunk, then its products, of which the
/// last chunk's make the gradient.
typedef struct mng_winograd_gradient_cut {
  size_t tiles;   ///< of all images
  size_t chunk;   ///< tiles taken at a time, but for the last ones
  size_t panels;  ///< of the outputs
  size_t rows;    ///< tiles of channels, of which each has sums of its own
  size_t input_row, input_plane;  ///< floats
  size_t flow_plane;
  size_t sums_block;          ///< floats between one tile's panel's sums and the next's
  size_t input_floats;        ///< of the transformed inputs of a chunk
  size_t flow_floats;         ///< of the transformed flow of a chunk
  size_t sums_floats;         ///< of all sums, if there is more than one chunk, else 0
  size_t scratch_bytes;       ///< for `mng_winograd_gradient_f32_products`
} mng_winograd_gradient_cut;

mng_winograd_gradient_cut mng_winograd_gradient_f32_cut(mng_isa isa, const mng_window *window);

/// Transforms tiles `[tile_begin, tile_end)` of the chunk that begins with tile `first`: those of
/// `x` into `inputs`, those of `flow` into `flows`. `zero`: as many zeros as there are channels, or
/// outputs if there are more.
void mng_winograd_gradient_f32_transform(mng_isa isa, const mng_window *window,
                                         const mng_winograd_gradient_cut *cut, const float *x,
                                         const float *flow, const float *zero, size_t first,
                                         size_t tile_begin, size_t tile_end, float *inputs,
                                         float *flows);

/// The products of the chunk that begins with tile `first`, for tiles of channels `[row_begin,
/// row_end)` and panels `[panel_begin, panel_end)`, added to `sums`; after the last chunk, their
/// part of `dweight`, `[outputs, channels, 3, 3]`. Sums have one order, whatever the ranges.
/// `scratch` is 64-byte aligned.
void mng_winograd_gradient_f32_products(mng_isa isa, const mng_window *window,
                                        const mng_winograd_gradient_cut *cut, size_t first,
                                        const float *inputs, const float *flows, float *sums,
                                        size_t row_begin, size_t row_end, size_t panel_begin,
                                        size_t panel_end, float *dweight, void *scratch);

#endif
