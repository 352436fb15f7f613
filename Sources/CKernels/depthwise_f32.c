#include "mng_depthwise_f32.h"

#include "lanes.h"

/// Four neighbouring outputs of windows three wide, `stride` apart: each input is loaded once a
/// window row.
#define DEFINE_THREES(V, LANES)                                                               \
  MNG_INLINE void threes_##LANES(const size_t stride, const float *x, size_t line,            \
                                 const float *weight, size_t channels, size_t height,         \
                                 const float *bias, float minimum, float maximum, float *y) { \
    V s0 = {0}, s1, s2, s3;                                                                   \
    if (bias) s0 = MNG_READ(V, bias);                                                         \
    s1 = s2 = s3 = s0;                                                                        \
    for (size_t h = 0; h < height; h++, x += line, weight += 3 * channels) {                  \
      const V k0 = MNG_READ(V, weight), k1 = MNG_READ(V, weight + channels);                  \
      const V k2 = MNG_READ(V, weight + 2 * channels);                                        \
      const V x0 = MNG_READ(V, x), x1 = MNG_READ(V, x + channels);                            \
      const V x2 = MNG_READ(V, x + 2 * channels), x3 = MNG_READ(V, x + 3 * channels);         \
      const V x4 = MNG_READ(V, x + 4 * channels), x5 = MNG_READ(V, x + 5 * channels);         \
      if (stride == 1) {                                                                      \
        s0 += x0 * k0, s1 += x1 * k0, s2 += x2 * k0, s3 += x3 * k0;                           \
        s0 += x1 * k1, s1 += x2 * k1, s2 += x3 * k1, s3 += x4 * k1;                           \
        s0 += x2 * k2, s1 += x3 * k2, s2 += x4 * k2, s3 += x5 * k2;                           \
      } else {                                                                                \
        const V x6 = MNG_READ(V, x + 6 * channels), x7 = MNG_READ(V, x + 7 * channels);       \
        const V x8 = MNG_READ(V, x + 8 * channels);                                           \
        s0 += x0 * k0, s1 += x2 * k0, s2 += x4 * k0, s3 += x6 * k0;                           \
        s0 += x1 * k1, s1 += x3 * k1, s2 += x5 * k1, s3 += x7 * k1;                           \
        s0 += x2 * k2, s1 += x4 * k2, s2 += x6 * k2, s3 += x8 * k2;                           \
      }                                                                                       \
    }                                                                                         \
    const V lowest = (V){0} + minimum, highest = (V){0} + maximum;                            \
    MNG_AT(V, y) = MNG_CLAMP(s0, lowest, highest);                                            \
    MNG_AT(V, y + channels) = MNG_CLAMP(s1, lowest, highest);                                 \
    MNG_AT(V, y + 2 * channels) = MNG_CLAMP(s2, lowest, highest);                             \
    MNG_AT(V, y + 3 * channels) = MNG_CLAMP(s3, lowest, highest);                             \
  }

DEFINE_THREES(mng_f32x16, 16)
DEFINE_THREES(mng_f32x8, 8)
DEFINE_THREES(mng_f32x4, 4)
DEFINE_THREES(mng_f32x1, 1)

/// `count` neighbouring outputs of one line whose windows see the same taps: 4 or 1.
#define DEFINE_PIXELS(V, LANES)                                                                   \
  MNG_INLINE void pixels_##LANES(const size_t count, const float *x, size_t line, size_t tap,     \
                                 size_t step, const float *weight, size_t weight_line,            \
                                 size_t channels, size_t height, size_t width, const float *bias, \
                                 float minimum, float maximum, float *y) {                        \
    V s0 = {0}, s1, s2, s3;                                                                       \
    if (bias) s0 = MNG_READ(V, bias);                                                             \
    s1 = s2 = s3 = s0;                                                                            \
    for (size_t h = 0; h < height; h++, x += line, weight += weight_line) {                       \
      for (size_t w = 0; w < width; w++) {                                                        \
        const V k = MNG_READ(V, weight + w * channels);                                           \
        const float *at = x + w * tap;                                                            \
        s0 += MNG_READ(V, at) * k;                                                                \
        if (count > 1) {                                                                          \
          s1 += MNG_READ(V, at + step) * k;                                                       \
          s2 += MNG_READ(V, at + 2 * step) * k;                                                   \
          s3 += MNG_READ(V, at + 3 * step) * k;                                                   \
        }                                                                                         \
      }                                                                                           \
    }                                                                                             \
    const V lowest = (V){0} + minimum, highest = (V){0} + maximum;                                \
    MNG_AT(V, y) = MNG_CLAMP(s0, lowest, highest);                                                \
    if (count > 1) {                                                                              \
      MNG_AT(V, y + channels) = MNG_CLAMP(s1, lowest, highest);                                   \
      MNG_AT(V, y + 2 * channels) = MNG_CLAMP(s2, lowest, highest);                               \
      MNG_AT(V, y + 3 * channels) = MNG_CLAMP(s3, lowest, highest);                               \
    }                                                                                             \
  }

DEFINE_PIXELS(mng_f32x16, 16)
DEFINE_PIXELS(mng_f32x8, 8)
DEFINE_PIXELS(mng_f32x4, 4)
DEFINE_PIXELS(mng_f32x1, 1)

MNG_INLINE void all_channels(const size_t count, size_t c, size_t c_end, const float *x,
                             size_t line, size_t tap, size_t step, const float *weight,
                             size_t weight_line, size_t channels, size_t height, size_t width,
                             const float *bias, float minimum, float maximum, float *y) {
#define CHANNELS(LANES)                                                                      \
  for (; c + LANES <= c_end; c += LANES)                                                     \
    pixels_##LANES(count, x + c, line, tap, step, weight + c, weight_line, channels, height, \
                   width, bias ? bias + c : NULL, minimum, maximum, y + c);
  CHANNELS(16) CHANNELS(8) CHANNELS(4) CHANNELS(1)
#undef CHANNELS
}

MNG_INLINE void all_channels_of_threes(const size_t stride, size_t c, size_t c_end, const float *x,
                                       size_t line, const float *weight, size_t channels,
                                       size_t height, const float *bias, float minimum,
                                       float maximum, float *y) {
#define CHANNELS(LANES)                                                                       \
  for (; c + LANES <= c_end; c += LANES)                                                      \
    threes_##LANES(stride, x + c, line, weight + c, channels, height, bias ? bias + c : NULL, \
                   minimum, maximum, y + c);
  CHANNELS(16) CHANNELS(8) CHANNELS(4) CHANNELS(1)
#undef CHANNELS
}

/// One line of the result, for channels `[c, c_end)`.
MNG_INLINE void one_line(const mng_window g, size_t l, size_t c, size_t c_end, const float *x,
                         const float *weight, const float *bias, float minimum, float maximum,
                         float *y) {
  const size_t channels = g.channels, line = g.width * channels;
  const size_t tap = g.dilation_width * channels, step = g.stride_width * channels;
  const size_t weight_line = g.kernel_width * channels, down = g.dilation_height * line;
  const size_t image = l / g.out_height, oy = l % g.out_height;
  const size_t top = oy * g.stride_height - g.pad_top;
  const mng_taps rows = mng_taps_inside(top, g.kernel_height, g.dilation_height, g.height);
  const size_t first = rows.begin < rows.end ? top + rows.begin * g.dilation_height : 0;
  const size_t height = rows.end - rows.begin;
  const float *lines = x + (image * g.height + first) * line;
  const float *weights = weight + rows.begin * weight_line;
  const bool threes = g.kernel_width == 3 && g.dilation_width == 1 && g.stride_width <= 2;
  for (size_t ox = 0; ox < g.out_width;) {
    float *to = y + (l * g.out_width + ox) * channels;
    const size_t left = ox * g.stride_width - g.pad_left;
    const mng_taps taps = mng_taps_inside(left, g.kernel_width, g.dilation_width, g.width);
    const size_t begin = taps.begin < taps.end ? left + taps.begin * g.dilation_width : 0;
    const float *at = lines + begin * channels;
    const size_t last = left + 3 * g.stride_width + (g.kernel_width - 1) * g.dilation_width;
    if (taps.begin > 0 || ox + 4 > g.out_width || last >= g.width) {
      all_channels(1, c, c_end, at, down, tap, step, weights + taps.begin * channels, weight_line,
                   channels, height, taps.end - taps.begin, bias, minimum, maximum, to);
      ox += 1;
      continue;
    }
    if (threes && g.stride_width == 1) {
      all_channels_of_threes(1, c, c_end, at, down, weights, channels, height, bias, minimum,
                             maximum, to);
    } else if (threes) {
      all_channels_of_threes(2, c, c_end, at, down, weights, channels, height, bias, minimum,
                             maximum, to);
    } else {
      all_channels(4, c, c_end, at, down, tap, step, weights, weight_line, channels, height,
                   g.kernel_width, bias, minimum, maximum, to);
    }
    ox += 4;
  }
}

MNG_INLINE void one_to_one_body(const mng_window *window, const float *x, const float *weight,
                                const float *bias, float minimum, float maximum, float *y,
                                size_t line_begin, size_t line_end) {
  const mng_window g = *window;
  // As many channels at a time as let the lines under a window stay in the first cache level for
  // the next line; but short pieces of pixels, which no prefetcher follows, cost more than that
  // saves.
  enum { STAYS = 24 * 1024 / sizeof(float), LINE = 16, SHORT = 96 };
  size_t chunk = STAYS / (g.kernel_height * g.width) / LINE * LINE;
  if (chunk < SHORT) chunk = g.channels;
  for (size_t c = 0; c < g.channels; c += chunk) {
    const size_t c_end = mng_min(c + chunk, g.channels);
    for (size_t l = line_begin; l < line_end; l++)
      one_line(g, l, c, c_end, x, weight, bias, minimum, maximum, y);
  }
}

MNG_INLINE void one_to_many_body(const mng_window *window, const float *x, const float *weight,
                                 const float *bias, float minimum, float maximum, float *y,
                                 size_t line_begin, size_t line_end) {
  const mng_window g = *window;
  const size_t outputs = g.out_channels, multiplier = outputs / g.channels;
  for (size_t l = line_begin; l < line_end; l++) {
    const size_t image = l / g.out_height, oy = l % g.out_height;
    const size_t top = oy * g.stride_height - g.pad_top;
    for (size_t ox = 0; ox < g.out_width; ox++) {
      const size_t left = ox * g.stride_width - g.pad_left;
      float *out = y + (l * g.out_width + ox) * outputs;
      for (size_t o = 0; o < outputs; o++) out[o] = bias ? bias[o] : 0;
      for (size_t h = 0; h < g.kernel_height; h++) {
        const size_t iy = top + h * g.dilation_height;
        if (iy >= g.height) continue;
        for (size_t w = 0; w < g.kernel_width; w++) {
          const size_t ix = left + w * g.dilation_width;
          if (ix >= g.width) continue;
          const float *in = x + ((image * g.height + iy) * g.width + ix) * g.channels;
          const float *k = weight + (h * g.kernel_width + w) * outputs;
          for (size_t c = 0; c < g.channels; c++) {
            const float value = in[c];
            for (size_t m = 0; m < multiplier; m++)
              out[c * multiplier + m] += value * k[c * multiplier + m];
          }
        }
      }
      for (size_t o = 0; o < outputs; o++) out[o] = MNG_CLAMP(out[o], minimum, maximum);
    }
  }
}

MNG_INLINE void mng_depthwise_f32_body(const mng_window *window, const float *x,
                                       const float *weight, const float *bias, float minimum,
                                       float maximum, float *y, size_t line_begin,
                                       size_t line_end) {
  if (window->channels == window->out_channels) {
    one_to_one_body(window, x, weight, bias, minimum, maximum, y, line_begin, line_end);
  } else {
    one_to_many_body(window, x, weight, bias, minimum, maximum, y, line_begin, line_end);
  }
}

MNG_VARIANTS(mng_depthwise_f32,
             (const mng_window *window, const float *x, const float *weight, const float *bias,
              float minimum, float maximum, float *y, size_t line_begin, size_t line_end),
             (window, x, weight, bias, minimum, maximum, y, line_begin, line_end))
