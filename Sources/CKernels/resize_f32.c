#include "mng_resize_f32.h"

#include "lanes.h"

MNG_INLINE void mng_resize_f32_body(size_t height, size_t width, size_t channels, size_t out_height,
                                    size_t out_width, mng_axis_map vertical,
                                    mng_axis_map horizontal, const float *x, float *y,
                                    size_t line_begin, size_t line_end) {
  for (size_t line = line_begin; line < line_end; line++) {
    const size_t image = line / out_height, oy = line % out_height;
    const float *pixels = x + image * height * width * channels;
    const float *top = pixels + (size_t)vertical.low[oy] * width * channels;
    float *restrict out = y + line * out_width * channels;
    if (!vertical.fraction) {
      for (size_t ox = 0; ox < out_width; ox++, out += channels)
        memcpy(out, top + (size_t)horizontal.low[ox] * channels, channels * sizeof(float));
      continue;
    }
    const float *bottom = pixels + (size_t)vertical.high[oy] * width * channels;
    const float down = vertical.fraction[oy];
    for (size_t ox = 0; ox < out_width; ox++, out += channels) {
      const size_t left = (size_t)horizontal.low[ox] * channels;
      const size_t right = (size_t)horizontal.high[ox] * channels;
      const float along = horizontal.fraction[ox];
      for (size_t c = 0; c < channels; c++) {
        const float above = top[left + c] + (top[right + c] - top[left + c]) * along;
        const float below = bottom[left + c] + (bottom[right + c] - bottom[left + c]) * along;
        out[c] = above + (below - above) * down;
      }
    }
  }
}

MNG_VARIANTS(mng_resize_f32,
             (size_t height, size_t width, size_t channels, size_t out_height, size_t out_width,
              mng_axis_map vertical, mng_axis_map horizontal, const float *x, float *y,
              size_t line_begin, size_t line_end),
             (height, width, channels, out_height, out_width, vertical, horizontal, x, y,
              line_begin, line_end))
