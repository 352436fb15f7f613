#include "lanes.h"
#include "winograd_f32.h"

#define P MNG_WINOGRAD_P
#define Q MNG_WINOGRAD_Q

/// `v = Bᵀ d` along one axis.
#define INPUT_AXIS(V, d0, d1, d2, d3, d4, d5, v0, v1, v2, v3, v4, v5) \
  {                                                                   \
    const V even_p = d4 - Q * Q * d2, odd_p = d3 - Q * Q * d1;        \
    const V even_q = d4 - P * P * d2, odd_q = d3 - P * P * d1;        \
    v0 = P * P * Q * Q * d0 + (d4 - (P * P + Q * Q) * d2);            \
    v1 = even_p + P * odd_p;                                          \
    v2 = even_p - P * odd_p;                                          \
    v3 = even_q + Q * odd_q;                                          \
    v4 = even_q - Q * odd_q;                                          \
    v5 = P * P * Q * Q * d1 + (d5 - (P * P + Q * Q) * d3);            \
  }

/// `y = Aᵀ m` along one axis.
#define OUTPUT_AXIS(V, m0, m1, m2, m3, m4, m5, y0, y1, y2, y3)                \
  {                                                                           \
    const V sum_p = m1 + m2, sum_q = m3 + m4, odd_p = m1 - m2, odd_q = m3 - m4; \
    y0 = m0 + (sum_p + sum_q);                                                \
    y1 = P * odd_p + Q * odd_q;                                               \
    y2 = P * P * sum_p + Q * Q * sum_q;                                       \
    y3 = m5 + (P * P * P * odd_p + Q * Q * Q * odd_q);                        \
  }

#define UNROLLED _Pragma("clang loop unroll(full)")

#define DEFINE_TRANSFORMS(V, LANES)                                                              \
  MNG_INLINE void input_##LANES(const float *const *from, size_t c, float *to, size_t plane) {   \
    V t[6][6];                                                                                   \
    UNROLLED for (size_t i = 0; i < 6; i++) {                                                    \
      const V d0 = MNG_READ(V, from[6 * i] + c), d1 = MNG_READ(V, from[6 * i + 1] + c);          \
      const V d2 = MNG_READ(V, from[6 * i + 2] + c), d3 = MNG_READ(V, from[6 * i + 3] + c);      \
      const V d4 = MNG_READ(V, from[6 * i + 4] + c), d5 = MNG_READ(V, from[6 * i + 5] + c);      \
      INPUT_AXIS(V, d0, d1, d2, d3, d4, d5, t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5]) \
    }                                                                                            \
    UNROLLED for (size_t j = 0; j < 6; j++) {                                                    \
      V v0, v1, v2, v3, v4, v5;                                                                  \
      INPUT_AXIS(V, t[0][j], t[1][j], t[2][j], t[3][j], t[4][j], t[5][j], v0, v1, v2, v3, v4, v5) \
      float *out = to + j * plane;                                                               \
      MNG_AT(V, out) = v0;                                                                       \
      MNG_AT(V, out + 6 * plane) = v1;                                                           \
      MNG_AT(V, out + 12 * plane) = v2;                                                          \
      MNG_AT(V, out + 18 * plane) = v3;                                                          \
      MNG_AT(V, out + 24 * plane) = v4;                                                          \
      MNG_AT(V, out + 30 * plane) = v5;                                                          \
    }                                                                                            \
  }                                                                                              \
  MNG_INLINE void output_##LANES(const float *from, size_t plane, const float *bias,             \
                                 const float *residual, size_t residual_line,                    \
                                 size_t residual_step, float minimum, float maximum, float *y,   \
                                 size_t line, size_t step, size_t height, size_t width) {        \
    V t[4][6], s[4][4];                                                                          \
    UNROLLED for (size_t j = 0; j < 6; j++) {                                                    \
      const float *in = from + j * plane;                                                        \
      const V m0 = MNG_READ(V, in), m1 = MNG_READ(V, in + 6 * plane);                            \
      const V m2 = MNG_READ(V, in + 12 * plane), m3 = MNG_READ(V, in + 18 * plane);              \
      const V m4 = MNG_READ(V, in + 24 * plane), m5 = MNG_READ(V, in + 30 * plane);              \
      OUTPUT_AXIS(V, m0, m1, m2, m3, m4, m5, t[0][j], t[1][j], t[2][j], t[3][j])                 \
    }                                                                                            \
    V start = {0};                                                                               \
    if (bias) start = MNG_READ(V, bias);                                                         \
    UNROLLED for (size_t i = 0; i < 4; i++) {                                                    \
      OUTPUT_AXIS(V, t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5], s[i][0], s[i][1],     \
                  s[i][2], s[i][3])                                                              \
    }                                                                                            \
    const V lowest = (V){0} + minimum, highest = (V){0} + maximum;                               \
    UNROLLED for (size_t i = 0; i < 4; i++) {                                                    \
      UNROLLED for (size_t j = 0; j < 4; j++) {                                                  \
        if (i < height && j < width) {                                                           \
          V r = s[i][j] + start;                                                                 \
          if (residual) r += MNG_READ(V, residual + i * residual_line + j * residual_step);      \
          MNG_AT(V, y + i * line + j * step) = MNG_CLAMP(r, lowest, highest);                    \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }

DEFINE_TRANSFORMS(mng_f32x16, 16)
DEFINE_TRANSFORMS(mng_f32x8, 8)
DEFINE_TRANSFORMS(mng_f32x4, 4)
DEFINE_TRANSFORMS(mng_f32x1, 1)

/// Where a tile lies.
typedef struct place {
  size_t image, y, x;
} place;

MNG_INLINE place place_of(const mng_window *w, size_t tile) {
  const size_t across = (w->out_width + 3) / 4, down = (w->out_height + 3) / 4;
  const size_t rest = tile % (across * down);
  return (place){tile / (across * down), rest / across * 4, rest % across * 4};
}

MNG_INLINE void mng_winograd_f32_input_body(const mng_window *window, const float *x,
                                            const float *zero, size_t tile_begin, size_t tile_end,
                                            float *to, size_t row, size_t plane) {
  const mng_window w = *window;
  for (size_t tile = tile_begin; tile < tile_end; tile++, to += row) {
    const place at = place_of(&w, tile);
    const float *image = x + at.image * w.height * w.width * w.channels;
    const float *from[MNG_WINOGRAD_POINTS];
    // Both wrap below zero in the padding, and then are beyond the image.
    const size_t top = at.y - w.pad_top, left = at.x - w.pad_left;
    const bool inside = top < w.height && left < w.width && top + 6 <= w.height &&
                        left + 6 <= w.width;
    for (size_t i = 0; i < 6; i++) {
      for (size_t j = 0; j < 6; j++) {
        const bool there = inside || (top + i < w.height && left + j < w.width);
        const size_t pixel = (top + i) * w.width + (left + j);
        from[6 * i + j] = there ? image + pixel * w.channels : zero;
      }
    }
    size_t c = 0;
#define CHANNELS(LANES) \
  for (; c + LANES <= w.channels; c += LANES) input_##LANES(from, c, to + c, plane);
    CHANNELS(16) CHANNELS(8) CHANNELS(4) CHANNELS(1)
#undef CHANNELS
  }
}

MNG_VARIANTS(mng_winograd_f32_input,
             (const mng_window *window, const float *x, const float *zero, size_t tile_begin,
              size_t tile_end, float *to, size_t row, size_t plane),
             (window, x, zero, tile_begin, tile_end, to, row, plane))

MNG_INLINE void mng_winograd_f32_output_body(const mng_window *window, const float *products,
                                             size_t row, size_t plane, size_t tile_begin,
                                             size_t tile_end, size_t column_begin,
                                             size_t column_end, const mng_epilogue_f32 *epilogue,
                                             float *y) {
  const mng_window w = *window;
  const mng_epilogue_f32 e = *epilogue;
  const size_t step = w.out_channels, line = w.out_width * step;
  const size_t residual_line = w.out_width * e.residual_stride;
  for (size_t tile = tile_begin; tile < tile_end; tile++, products += row) {
    const place at = place_of(&w, tile);
    const size_t pixel = (at.image * w.out_height + at.y) * w.out_width + at.x;
    const size_t height = mng_min(4, w.out_height - at.y), width = mng_min(4, w.out_width - at.x);
    float *out = y + pixel * step;
    const float *residual = e.residual ? e.residual + pixel * e.residual_stride : NULL;
    size_t c = column_begin;
#define CHANNELS(LANES)                                                                          \
  for (; c + LANES <= column_end; c += LANES)                                                    \
    output_##LANES(products + (c - column_begin), plane, e.bias ? e.bias + c : NULL,             \
                   residual ? residual + c : NULL, residual_line, e.residual_stride, e.minimum,  \
                   e.maximum, out + c, line, step, height, width);
    CHANNELS(16) CHANNELS(8) CHANNELS(4) CHANNELS(1)
#undef CHANNELS
  }
}

MNG_VARIANTS(mng_winograd_f32_output,
             (const mng_window *window, const float *products, size_t row, size_t plane,
              size_t tile_begin, size_t tile_end, size_t column_begin, size_t column_end,
              const mng_epilogue_f32 *epilogue, float *y),
             (window, products, row, plane, tile_begin, tile_end, column_begin, column_end,
              epilogue, y))
