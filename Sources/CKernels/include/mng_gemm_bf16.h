#ifndef MNG_GEMM_BF16_H
#define MNG_GEMM_BF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mng_gemm_f32.h"

// Products of float32 matrices whose numbers are first rounded to bfloat16 (to nearest, ties to
// even), and summed in float32.

/// Columns of the output that one panel covers.
enum { MNG_GEMM_BF16_PANEL = 32 };

/// Rows of the output that one tile covers; ranges of rows that are multiples of it run best.
enum { MNG_GEMM_BF16_TILE = 14 };

/// Whether the processor multiplies bfloat16 by instructions of its own (AVX512_BF16): twice as
/// fast as float32 then, and otherwise slower.
bool mng_gemm_bf16_is_fast(void);

/// Numbers that `mng_gemm_bf16_pack` writes for a matrix `[k, n]`.
size_t mng_gemm_bf16_packed_count(size_t k, size_t n);

/// Packs panels `[panel_begin, panel_end)` of a matrix (a weight with a kernel of 1 by 1): the two
/// numbers of a pair of k lie side by side for each column, and the columns of a panel after each
/// other, filled with zeros. `packed` is 64-byte aligned and is the whole matrix's.
void mng_gemm_bf16_pack(const mng_weight_f32 *weight, uint16_t *packed, size_t panel_begin,
                        size_t panel_end);

/// Bytes of `scratch` that `mng_gemm_bf16` wants for ranges of at most `rows` rows.
size_t mng_gemm_bf16_scratch(size_t rows, size_t k);

/// `y = a · b`, or `y + a · b` where `adds`; `a[row, i]` is at `row * row_stride + i * k_stride`,
/// `y` is `[rows, n]`. Computes rows `[row_begin, row_end)` of the columns of panels
/// `[panel_begin, panel_end)`. Each sum runs over pairs of k in order, so that it depends on no
/// range. `y` overlaps neither `a` nor `packed`; `scratch` is 64-byte aligned.
void mng_gemm_bf16(const float *a, size_t row_stride, size_t k_stride, size_t k,
                   const uint16_t *packed, size_t n, bool adds, float *y, size_t y_stride,
                   size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                   void *scratch);

#endif
