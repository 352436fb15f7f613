#ifndef MNG_RESIZE_F32_H
#define MNG_RESIZE_F32_H

#include <stddef.h>
#include <stdint.h>

/// Where outputs along one axis come from: `x[low[i]] + (x[high[i]] - x[low[i]]) * fraction[i]`.
/// For nearest neighbours, `high` and `fraction` are NULL.
typedef struct mng_axis_map {
  const int32_t *low;
  const int32_t *high;
  const float *fraction;
} mng_axis_map;

/// `[batch, height, width, channels]` to `[batch, out_height, out_width, channels]`, nearest or
/// bilinear by the maps
/// (`vertical` has `out_height` entries in `[0, height)`, `horizontal` `out_width` in `[0,
/// width)`); both are of a kind. A line is one row of an output image, counted over the batch. No
/// overlap.
void mng_resize_f32(size_t height, size_t width, size_t channels, size_t out_height,
                    size_t out_width, mng_axis_map vertical, mng_axis_map horizontal,
                    const float *x, float *y, size_t line_begin, size_t line_end);

#endif
