#ifndef MNG_BINARY_F32_H
#define MNG_BINARY_F32_H

#include <stddef.h>

typedef enum mng_binary {
  MNG_BINARY_ADD,
  MNG_BINARY_SUBTRACT,
  MNG_BINARY_MULTIPLY,
  MNG_BINARY_DIVIDE,
  MNG_BINARY_MAXIMUM,  ///< NaN where either is NaN
  MNG_BINARY_MINIMUM,  ///< NaN where either is NaN
  MNG_BINARY_POWER,
} mng_binary;

/// `y[r, i] = clamp(op(a[r, i], b[r, i]))` for `rows` by `columns`; `y` is contiguous.
/// Row strides are in floats, 0 to repeat a row; `a_step` and `b_step` are 1, or 0 to repeat one
/// value through a row. `y` may be `a` or `b` where they have the same shape; it does not overlap
/// them otherwise.
void mng_binary_f32(mng_binary op, size_t rows, size_t columns, const float *a, size_t a_row,
                    size_t a_step, const float *b, size_t b_row, size_t b_step, float minimum,
                    float maximum, float *y);

/// `y[r, c] = clamp(x[r, c] * scale[c] + shift[c])`; `y` may be `x`.
void mng_affine_f32(size_t rows, size_t columns, const float *x, const float *scale,
                    const float *shift, float minimum, float maximum, float *y);

#endif
