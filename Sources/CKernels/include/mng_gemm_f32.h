#ifndef MNG_GEMM_F32_H
#define MNG_GEMM_F32_H

#include <stdbool.h>
#include <stddef.h>

#include "mng_isa.h"
#include "mng_unary_f32.h"

/// What happens to a tile of sums while it is still in registers:
/// `y[m, n] = min(max(sum + bias[n] + residual[m, n], minimum), maximum)`; NaN stays NaN.
/// Then, in `mng_gemm_f32` alone and while the tile is in the caches, what `activation` makes of it.
typedef struct mng_epilogue_f32 {
  const float *bias;      ///< `[N]`, or NULL
  const float *residual;  ///< `[M, N]`, or NULL; may be the output itself, not otherwise overlap it
  size_t residual_stride;  ///< floats from a row of `residual` to the next
  float minimum, maximum;  ///< infinities for no clamp
  bool activates;          ///< whether `activation` counts
  mng_unary activation;
  float alpha, beta;  ///< the activation's
} mng_epilogue_f32;

/// A weight `[outputs, inputs, kernel_height, kernel_width]` of a matrix or convolution, in any
/// layout. For a matrix `[K, N]`, `inputs` is K, `outputs` is N, and the kernel is 1 by 1.
typedef struct mng_weight_f32 {
  const float *values;
  size_t outputs, inputs, kernel_height, kernel_width;
  ptrdiff_t output_stride, input_stride, row_stride, column_stride;  ///< in floats
  const float *scale;  ///< `[outputs]`: each output's weights are multiplied by it; or NULL
} mng_weight_f32;

/// Columns of the output that one panel of packed weights covers; a range of panels is a unit of
/// work.
size_t mng_gemm_f32_panel(mng_isa isa);

/// Rows of the output that one tile covers; ranges of rows that are multiples of it run best.
size_t mng_gemm_f32_tile_rows(mng_isa isa);

/// Floats that `mng_gemm_f32_pack` writes for `k` (inputs * kernel) by `n` (outputs) weights.
size_t mng_gemm_f32_packed_count(mng_isa isa, size_t k, size_t n);

/// Packs panels `[panel_begin, panel_end)`: in a panel, K runs over (kernel row, kernel column,
/// input), and each k has its outputs side by side, filled with zeros. `packed` is 64-byte aligned
/// and is the whole matrix's; ranges of panels may be packed at the same time.
void mng_gemm_f32_pack(mng_isa isa, const mng_weight_f32 *weight, float *packed, size_t panel_begin,
                       size_t panel_end);

/// Bytes of `scratch` that `mng_gemm_f32` wants for ranges of at most `rows` rows.
size_t mng_gemm_f32_scratch(size_t rows, size_t k);

/// `y = epilogue(a · b)`; `a` is `[rows, k]` with `a_stride` floats between rows, `y` is `[rows,
/// n]`. Computes rows `[row_begin, row_end)` of the columns of panels `[panel_begin, panel_end)`.
/// Each sum runs over k in order, so that it depends on no range. `y` overlaps neither `a` nor
/// `packed`. `scratch` is 64-byte aligned.
void mng_gemm_f32(mng_isa isa, const float *a, size_t a_stride, size_t k, const float *packed,
                  size_t n, float *y, size_t y_stride, size_t row_begin, size_t row_end,
                  size_t panel_begin, size_t panel_end, const mng_epilogue_f32 *epilogue,
                  void *scratch);

#endif
