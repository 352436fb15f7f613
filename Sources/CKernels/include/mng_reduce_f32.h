#ifndef MNG_REDUCE_F32_H
#define MNG_REDUCE_F32_H

#include <stddef.h>

typedef enum mng_reduction {
  MNG_REDUCE_SUM,
  MNG_REDUCE_MEAN,
  MNG_REDUCE_MAXIMUM,  ///< NaN where there is one; -infinity of nothing
  MNG_REDUCE_MINIMUM,  ///< NaN where there is one; infinity of nothing
} mng_reduction;

/// `y[r]` over the columns of `x[r, c]`. Sums run in lanes and blocks, and blocks in double.
void mng_reduce_columns_f32(mng_reduction reduction, size_t rows, size_t columns, const float *x,
                            float *y);

/// `y[b, c]` over the rows of `x[b, r, c]`; columns `[column_begin, column_end)` are computed.
/// With pixels for rows it is a global pooling. Sums run in blocks of rows, so that many rows lose
/// little.
void mng_reduce_rows_f32(mng_reduction reduction, size_t batch, size_t rows, size_t columns,
                         const float *x, float *y, size_t column_begin, size_t column_end);

#endif
