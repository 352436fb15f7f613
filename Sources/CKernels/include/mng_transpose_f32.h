#ifndef MNG_TRANSPOSE_F32_H
#define MNG_TRANSPOSE_F32_H

#include <stddef.h>

/// `y[b, j, i] = x[b, i, j]`: `x` is `[batch, rows, columns]`, `y` is `[batch, columns, rows]`; no
/// overlap. NCHW to NHWC is rows = channels, columns = pixels; NHWC to NCHW the other way round.
/// Rows `[row_begin, row_end)` of each matrix are read.
void mng_transpose_f32(size_t batch, size_t rows, size_t columns, const float *x, float *y,
                       size_t row_begin, size_t row_end);

#endif
