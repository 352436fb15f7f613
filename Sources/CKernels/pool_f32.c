#include "mng_pool_f32.h"

#include <math.h>

#include "lanes.h"

#define DEFINE_WINDOW(V, LANES)                                                        \
  MNG_INLINE void max_##LANES(const float *x, size_t line, size_t tap, size_t height,  \
                              size_t width, float *y) {                                \
    V most = (V){0} - INFINITY;                                                        \
    for (size_t h = 0; h < height; h++)                                                \
      for (size_t w = 0; w < width; w++) {                                             \
        const V v = MNG_READ(V, x + h * line + w * tap);                               \
        most = v > most ? v : most;                                                    \
        most = v != v ? v : most;                                                      \
      }                                                                                \
    MNG_AT(V, y) = most;                                                               \
  }                                                                                    \
  MNG_INLINE void mean_##LANES(const float *x, size_t line, size_t tap, size_t height, \
                               size_t width, float divisor, float *y) {                \
    V sum = {0};                                                                       \
    for (size_t h = 0; h < height; h++)                                                \
      for (size_t w = 0; w < width; w++) sum += MNG_READ(V, x + h * line + w * tap);   \
    MNG_AT(V, y) = sum / divisor;                                                      \
  }

DEFINE_WINDOW(mng_f32x16, 16)
DEFINE_WINDOW(mng_f32x8, 8)
DEFINE_WINDOW(mng_f32x4, 4)
DEFINE_WINDOW(mng_f32x1, 1)

MNG_INLINE void pool(const bool average, const mng_window *window, size_t pad_bottom,
                     size_t pad_right, bool count_padding, const float *x, float *y,
                     size_t line_begin, size_t line_end) {
  const mng_window g = *window;
  const size_t channels = g.channels, line = g.width * channels;
  const size_t down = g.dilation_height * line, tap = g.dilation_width * channels;
  for (size_t l = line_begin; l < line_end; l++) {
    const size_t image = l / g.out_height, oy = l % g.out_height;
    const size_t top = oy * g.stride_height - g.pad_top;
    const mng_taps rows = mng_taps_inside(top, g.kernel_height, g.dilation_height, g.height);
    const mng_taps padded_rows =
        mng_taps_inside(oy * g.stride_height, g.kernel_height, g.dilation_height,
                        g.height + g.pad_top + pad_bottom);
    for (size_t ox = 0; ox < g.out_width; ox++) {
      const size_t left = ox * g.stride_width - g.pad_left;
      const mng_taps columns = mng_taps_inside(left, g.kernel_width, g.dilation_width, g.width);
      const mng_taps padded = mng_taps_inside(ox * g.stride_width, g.kernel_width, g.dilation_width,
                                              g.width + g.pad_left + pad_right);
      const size_t height = rows.end - rows.begin, width = columns.end - columns.begin;
      const size_t inside = height * width;
      const size_t counted =
          count_padding ? (padded_rows.end - padded_rows.begin) * (padded.end - padded.begin)
                        : inside;
      const float divisor = (float)counted;
      const float *at = x;
      if (inside > 0)
        at += ((image * g.height + top + rows.begin * g.dilation_height) * g.width + left +
               columns.begin * g.dilation_width) *
              channels;
      float *out = y + (l * g.out_width + ox) * channels;
      size_t c = 0;
#define CHANNELS(LANES)                                                 \
  for (; c + LANES <= channels; c += LANES) {                           \
    if (average)                                                        \
      mean_##LANES(at + c, down, tap, height, width, divisor, out + c); \
    else                                                                \
      max_##LANES(at + c, down, tap, height, width, out + c);           \
  }
      CHANNELS(16) CHANNELS(8) CHANNELS(4) CHANNELS(1)
#undef CHANNELS
    }
  }
}

MNG_INLINE void mng_max_pool_f32_body(const mng_window *window, const float *x, float *y,
                                      size_t line_begin, size_t line_end) {
  pool(false, window, 0, 0, false, x, y, line_begin, line_end);
}

MNG_INLINE void mng_average_pool_f32_body(const mng_window *window, size_t pad_bottom,
                                          size_t pad_right, bool count_padding, const float *x,
                                          float *y, size_t line_begin, size_t line_end) {
  pool(true, window, pad_bottom, pad_right, count_padding, x, y, line_begin, line_end);
}

MNG_VARIANTS(mng_max_pool_f32,
             (const mng_window *window, const float *x, float *y, size_t line_begin,
              size_t line_end),
             (window, x, y, line_begin, line_end))

MNG_VARIANTS(mng_average_pool_f32,
             (const mng_window *window, size_t pad_bottom, size_t pad_right, bool count_padding,
              const float *x, float *y, size_t line_begin, size_t line_end),
             (window, pad_bottom, pad_right, count_padding, x, y, line_begin, line_end))
