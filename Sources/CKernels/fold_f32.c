#include "mng_fold_f32.h"

#include "lanes.h"

/// The pixel whose window's tap `k` falls on `at`, or `count` if there is none.
MNG_INLINE size_t source_of(size_t at, size_t pad, size_t k, size_t dilation, size_t stride,
                            size_t count) {
  const size_t shifted = at + pad, tap = k * dilation;
  if (shifted < tap || (shifted - tap) % stride != 0) return count;
  const size_t source = (shifted - tap) / stride;
  return source < count ? source : count;
}

MNG_INLINE void mng_fold_f32_body(const mng_window *window, size_t groups, const float *x,
                                  const float *bias, float minimum, float maximum, float *y,
                                  size_t line_begin, size_t line_end) {
  const mng_window g = *window;
  const size_t kernel = g.kernel_height * g.kernel_width, channels = g.channels / groups;
  for (size_t line = line_begin; line < line_end; line++) {
    const size_t image = line / g.height, iy = line % g.height;
    for (size_t ix = 0; ix < g.width; ix++) {
      float *restrict out = y + (line * g.width + ix) * g.channels;
      for (size_t c = 0; c < g.channels; c++) out[c] = bias ? bias[c] : 0;
      for (size_t h = 0; h < g.kernel_height; h++) {
        const size_t oy =
            source_of(iy, g.pad_top, h, g.dilation_height, g.stride_height, g.out_height);
        if (oy == g.out_height) continue;
        for (size_t w = 0; w < g.kernel_width; w++) {
          const size_t ox =
              source_of(ix, g.pad_left, w, g.dilation_width, g.stride_width, g.out_width);
          if (ox == g.out_width) continue;
          const size_t pixel = (image * g.out_height + oy) * g.out_width + ox;
          const float *from = x + pixel * kernel * g.channels + (h * g.kernel_width + w) * channels;
          for (size_t group = 0; group < groups; group++, from += kernel * channels)
            for (size_t c = 0; c < channels; c++) out[group * channels + c] += from[c];
        }
      }
      for (size_t c = 0; c < g.channels; c++) out[c] = MNG_CLAMP(out[c], minimum, maximum);
    }
  }
}

MNG_VARIANTS(mng_fold_f32,
             (const mng_window *window, size_t groups, const float *x, const float *bias,
              float minimum, float maximum, float *y, size_t line_begin, size_t line_end),
             (window, groups, x, bias, minimum, maximum, y, line_begin, line_end))
