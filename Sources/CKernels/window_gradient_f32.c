#include "mng_window_gradient_f32.h"

#include <string.h>

#include "lanes.h"
#include "mng_variants.h"

/// Does this for each place of the window in one image, with the places' offset `at` of `dy`, and
/// `top` and `left` (which wrap around where they are negative).
#define EACH_PLACE(...)                                                   \
  for (size_t oy = 0; oy < g.out_height; oy++)                            \
    for (size_t ox = 0; ox < g.out_width; ox++) {                         \
      const size_t at = ((image * g.out_height + oy) * g.out_width + ox); \
      const size_t top = oy * g.stride_height - g.pad_top;                \
      const size_t left = ox * g.stride_width - g.pad_left;               \
      __VA_ARGS__                                                         \
    }

/// Does this for each tap of a window that lies inside the image, with its `pixel`.
#define EACH_TAP(...)                                                  \
  for (size_t h = 0; h < g.kernel_height; h++) {                       \
    const size_t iy = top + h * g.dilation_height;                     \
    if (iy >= g.height) continue;                                      \
    for (size_t w = 0; w < g.kernel_width; w++) {                      \
      const size_t ix = left + w * g.dilation_width;                   \
      if (ix >= g.width) continue;                                     \
      const size_t pixel = (image * g.height + iy) * g.width + ix;     \
      __VA_ARGS__                                                      \
    }                                                                  \
  }

MNG_INLINE void clear_image(const mng_window g, float *dx, size_t image) {
  const size_t count = g.height * g.width * g.channels;
  memset(dx + image * count, 0, count * sizeof(float));
}

enum { BLOCK = 64 };

MNG_INLINE void mng_max_pool_gradient_f32_body(const mng_window *window, const float *x,
                                               const float *dy, float *dx, size_t image_begin,
                                               size_t image_end) {
  const mng_window g = *window;
  for (size_t image = image_begin; image < image_end; image++) {
    clear_image(g, dx, image);
    EACH_PLACE({
      for (size_t first = 0; first < g.channels; first += BLOCK) {
        const size_t count = g.channels - first < BLOCK ? g.channels - first : BLOCK;
        float best[BLOCK];
        uint32_t where[BLOCK];
        bool found = false;
        EACH_TAP({
          const float *from = x + pixel * g.channels + first;
          const uint32_t place = (uint32_t)(iy * g.width + ix);
          for (size_t c = 0; c < count; c++) {
            const bool better = !found || from[c] > best[c];
            best[c] = better ? from[c] : best[c];
            where[c] = better ? place : where[c];
          }
          found = true;
        })
        if (!found) continue;
        const float *flow = dy + at * g.channels + first;
        float *target = dx + image * g.height * g.width * g.channels + first;
        for (size_t c = 0; c < count; c++) target[where[c] * g.channels + c] += flow[c];
      }
    })
  }
}

MNG_INLINE void mng_average_pool_gradient_f32_body(const mng_window *window, size_t pad_bottom,
                                                   size_t pad_right, bool count_padding,
                                                   const float *dy, float *dx, size_t image_begin,
                                                   size_t image_end) {
  const mng_window g = *window;
  for (size_t image = image_begin; image < image_end; image++) {
    clear_image(g, dx, image);
    EACH_PLACE({
      size_t inside = 0;
      size_t padded = 0;
      for (size_t h = 0; h < g.kernel_height; h++)
        for (size_t w = 0; w < g.kernel_width; w++) {
          const size_t iy = top + h * g.dilation_height, ix = left + w * g.dilation_width;
          inside += iy < g.height && ix < g.width;
          padded += iy + g.pad_top < g.height + g.pad_top + pad_bottom &&
                    ix + g.pad_left < g.width + g.pad_left + pad_right;
        }
      const size_t counted = count_padding ? padded : inside;
      const float share = 1.0f / (float)(counted ? counted : 1);
      const float *flow = dy + at * g.channels;
      EACH_TAP({
        float *restrict target = dx + pixel * g.channels;
        for (size_t c = 0; c < g.channels; c++) target[c] += flow[c] * share;
      })
    })
  }
}

MNG_INLINE void mng_depthwise_input_gradient_f32_body(const mng_window *window, const float *dy,
                                                      const float *weight, float *dx,
                                                      size_t image_begin, size_t image_end) {
  const mng_window g = *window;
  for (size_t image = image_begin; image < image_end; image++) {
    clear_image(g, dx, image);
    EACH_PLACE({
      const float *flow = dy + at * g.channels;
      EACH_TAP({
        const float *factor = weight + (h * g.kernel_width + w) * g.channels;
        float *restrict target = dx + pixel * g.channels;
        for (size_t c = 0; c < g.channels; c++) target[c] += flow[c] * factor[c];
      })
    })
  }
}

MNG_INLINE void mng_depthwise_weight_gradient_f32_body(const mng_window *window, const float *x,
                                                       const float *dy, float *dweight,
                                                       size_t channel_begin, size_t channel_end) {
  const mng_window g = *window;
  for (size_t tap = 0; tap < g.kernel_height * g.kernel_width; tap++)
    for (size_t c = channel_begin; c < channel_end; c++) dweight[tap * g.channels + c] = 0;
  for (size_t image = 0; image < g.batch; image++)
    EACH_PLACE({
      const float *flow = dy + at * g.channels;
      EACH_TAP({
        const float *from = x + pixel * g.channels;
        float *restrict target = dweight + (h * g.kernel_width + w) * g.channels;
        for (size_t c = channel_begin; c < channel_end; c++) target[c] += from[c] * flow[c];
      })
    })
}

MNG_VARIANTS(mng_max_pool_gradient_f32,
             (const mng_window *window, const float *x, const float *dy, float *dx,
              size_t image_begin, size_t image_end),
             (window, x, dy, dx, image_begin, image_end))
MNG_VARIANTS(mng_average_pool_gradient_f32,
             (const mng_window *window, size_t pad_bottom, size_t pad_right, bool count_padding,
              const float *dy, float *dx, size_t image_begin, size_t image_end),
             (window, pad_bottom, pad_right, count_padding, dy, dx, image_begin, image_end))
MNG_VARIANTS(mng_depthwise_input_gradient_f32,
             (const mng_window *window, const float *dy, const float *weight, float *dx,
              size_t image_begin, size_t image_end),
             (window, dy, weight, dx, image_begin, image_end))
MNG_VARIANTS(mng_depthwise_weight_gradient_f32,
             (const mng_window *window, const float *x, const float *dy, float *dweight,
              size_t channel_begin, size_t channel_end),
             (window, x, dy, dweight, channel_begin, channel_end))
