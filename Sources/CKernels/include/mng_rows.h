#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mng_blocks.h"
#include "mng_gemm_f32.h"

/// How the weights of a matrix `[outputs, inputs]` are stored, row by row.
typedef enum mng_stored {
  MNG_STORED_F32,
  MNG_STORED_F16,
  MNG_STORED_BF16,
  /// Plus a `mng_block_type`.
  MNG_STORED_BLOCKS,
} mng_stored;

/// The most rows of input that one call takes.
enum { MNG_ROWS_MAXIMUM = 8 };

/// Bytes of 64-byte aligned memory that `mng_rows_prepare` fills for `rows` rows of `k` floats; 0
/// where the rows are read as they are.
size_t mng_rows_prepared_bytes(int stored, size_t rows, size_t k);

/// Rows of input as the products by weights of that type take them. For quantised blocks: 16-bit codes, a
/// scale for each 32 of them, and sums of what they stand for; `k` is a multiple of 32, and beside the
/// largest of its 32 a number is at most 2^-15 off. For bfloat16: even and odd places apart. `x` is
/// `[rows, k]` with `stride` floats between rows.
void mng_rows_prepare(int stored, const float *x, size_t stride, size_t rows, size_t k,
                      void *prepared);

/// `y = epilogue(x · weightsᵀ)` for columns `[begin, end)` of `y`, which is `[rows, outputs]` with
/// `y_stride` floats between rows; at most `MNG_ROWS_MAXIMUM` rows. `weights` is `[outputs, k]` at
/// any address where blocks, else aligned as its elements are; `k` is a multiple of the block.
/// `prepared` is `mng_rows_prepare`'s where it has bytes. A column's result depends
/// on no range and not on the other rows. `y` overlaps neither `x` nor `weights`.
void mng_rows_f32(int stored, const void *weights, size_t k, const float *x, size_t x_stride,
                  const void *prepared, size_t rows, float *y, size_t y_stride, size_t begin,
                  size_t end, const mng_epilogue_f32 *epilogue);
