#include "lanes.h"
#include "winograd_f32.h"

#define P MNG_WINOGRAD_P
#define Q MNG_WINOGRAD_Q

#define UNROLLED _Pragma("clang loop unroll(full)")

/// `m = A y` along one axis.
#define FLOW_AXIS(V, y0, y1, y2, y3, m0, m1, m2, m3, m4, m5)                    \
  {                                                                             \
    const V even_p = y0 + P * P * y2, odd_p = P * y1 + P * P * P * y3;          \
    const V even_q = y0 + Q * Q * y2, odd_q = Q * y1 + Q * Q * Q * y3;          \
    m0 = y0;                                                                    \
    m1 = even_p + odd_p;                                                        \
    m2 = even_p - odd_p;                                                        \
    m3 = even_q + odd_q;                                                        \
    m4 = even_q - odd_q;                                                        \
    m5 = y3;                                                                    \
  }

/// `g = Gᵀ m` along one axis.
#define TAPS_AXIS(V, m0, m1, m2, m3, m4, m5, g0, g1, g2)                        \
  {                                                                             \
    const V sum_p = (m1 + m2) * OF_P, sum_q = (m3 + m4) * OF_Q;                 \
    g0 = m0 * OF_0 + (sum_p + sum_q);                                           \
    g1 = P * OF_P * (m1 - m2) + Q * OF_Q * (m3 - m4);                           \
    g2 = m5 + (P * P * sum_p + Q * Q * sum_q);                                  \
  }
#define OF_0 (1 / (P * P * Q * Q))
#define OF_P (1 / (2 * P * P * (P * P - Q * Q)))
#define OF_Q (1 / (2 * Q * Q * (Q * Q - P * P)))

#define DEFINE_TRANSFORMS(V, LANES)                                                              \
  MNG_INLINE void flow_##LANES(const float *const *from, size_t c, float *to, size_t plane) {    \
    V t[4][6];                                                                                   \
    UNROLLED for (size_t i = 0; i < 4; i++) {                                                    \
      const V y0 = MNG_READ(V, from[4 * i] + c), y1 = MNG_READ(V, from[4 * i + 1] + c);          \
      const V y2 = MNG_READ(V, from[4 * i + 2] + c), y3 = MNG_READ(V, from[4 * i + 3] + c);      \
      FLOW_AXIS(V, y0, y1, y2, y3, t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5])         \
    }                                                                                            \
    UNROLLED for (size_t j = 0; j < 6; j++) {                                                    \
      V m0, m1, m2, m3, m4, m5;                                                                  \
      FLOW_AXIS(V, t[0][j], t[1][j], t[2][j], t[3][j], m0, m1, m2, m3, m4, m5)                   \
      float *out = to + j * plane;                                                               \
      MNG_AT(V, out) = m0;                                                                       \
      MNG_AT(V, out + 6 * plane) = m1;                                                           \
      MNG_AT(V, out + 12 * plane) = m2;                                                          \
      MNG_AT(V, out + 18 * plane) = m3;                                                          \
      MNG_AT(V, out + 24 * plane) = m4;                                                          \
      MNG_AT(V, out + 30 * plane) = m5;                                                          \
    }                                                                                            \
  }                                                                                              \
  MNG_INLINE void taps_##LANES(const float *sums, size_t plane, float *to, size_t width) {       \
    V t[3][6];                                                                                   \
    UNROLLED for (size_t j = 0; j < 6; j++) {                                                    \
      const float *in = sums + j * plane;                                                        \
      const V m0 = MNG_READ(V, in), m1 = MNG_READ(V, in + 6 * plane);                            \
      const V m2 = MNG_READ(V, in + 12 * plane), m3 = MNG_READ(V, in + 18 * plane);              \
      const V m4 = MNG_READ(V, in + 24 * plane), m5 = MNG_READ(V, in + 30 * plane);              \
      TAPS_AXIS(V, m0, m1, m2, m3, m4, m5, t[0][j], t[1][j], t[2][j])                            \
    }                                                                                            \
    UNROLLED for (size_t i = 0; i < 3; i++) {                                                    \
      V g0, g1, g2;                                                                              \
      TAPS_AXIS(V, t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5], g0, g1, g2)             \
      float *out = to + 3 * i * width;                                                           \
      MNG_AT(V, out) = g0;                                                                       \
      MNG_AT(V, out + width) = g1;                                                               \
      MNG_AT(V, out + 2 * width) = g2;                                                           \
    }                                                                                            \
  }

DEFINE_TRANSFORMS(mng_f32x16, 16)
DEFINE_TRANSFORMS(mng_f32x8, 8)
DEFINE_TRANSFORMS(mng_f32x4, 4)
DEFINE_TRANSFORMS(mng_f32x1, 1)

MNG_INLINE void mng_winograd_f32_flow_body(const mng_window *window, const float *flow,
                                           const float *zero, size_t tile_begin, size_t tile_end,
                                           size_t column, size_t columns, float *to, size_t width,
                                           size_t plane) {
  const mng_window w = *window;
  const size_t across = (w.out_width + 3) / 4, down = (w.out_height + 3) / 4;
  for (size_t tile = tile_begin; tile < tile_end; tile++, to += width) {
    const size_t image = tile / (across * down), rest = tile % (across * down);
    const size_t top = rest / across * 4, left = rest % across * 4;
    const float *from[16];
    for (size_t i = 0; i < 4; i++) {
      for (size_t j = 0; j < 4; j++) {
        const size_t pixel = (image * w.out_height + top + i) * w.out_width + left + j;
        const bool there = top + i < w.out_height && left + j < w.out_width;
        from[4 * i + j] = there ? flow + pixel * w.out_channels + column : zero;
      }
    }
    size_t c = 0;
#define COLUMNS(LANES) \
  for (; c + LANES <= columns; c += LANES) flow_##LANES(from, c, to + c, plane);
    COLUMNS(16) COLUMNS(8) COLUMNS(4) COLUMNS(1)
#undef COLUMNS
    for (; c < width; c++) {
      for (size_t i = 0; i < MNG_WINOGRAD_POINTS; i++) to[i * plane + c] = 0;
    }
  }
}

MNG_VARIANTS(mng_winograd_f32_flow,
             (const mng_window *window, const float *flow, const float *zero, size_t tile_begin,
              size_t tile_end, size_t column, size_t columns, float *to, size_t width,
              size_t plane),
             (window, flow, zero, tile_begin, tile_end, column, columns, to, width, plane))

/// `to[j, i] = from[i, j]` for `rows` rows of `width`, of which `columns` are wanted.
MNG_INLINE void turn(const float *from, size_t rows, size_t width, size_t columns, float *to,
                     size_t stride) {
  size_t j = 0;
  for (; j + 4 <= columns; j += 4, to += 4 * stride) {
    size_t i = 0;
    for (; i + 4 <= rows; i += 4) {
      const float *x = from + i * width + j;
      const mng_f32x4 a = MNG_READ(mng_f32x4, x), b = MNG_READ(mng_f32x4, x + width);
      const mng_f32x4 c = MNG_READ(mng_f32x4, x + 2 * width);
      const mng_f32x4 d = MNG_READ(mng_f32x4, x + 3 * width);
      const mng_f32x4 ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
      const mng_f32x4 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
      const mng_f32x4 cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
      const mng_f32x4 cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
      float *y = to + i;
      MNG_AT(mng_f32x4, y) = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
      MNG_AT(mng_f32x4, y + stride) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
      MNG_AT(mng_f32x4, y + 2 * stride) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
      MNG_AT(mng_f32x4, y + 3 * stride) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
    }
    for (; i < rows; i++)
      for (size_t k = 0; k < 4; k++) to[k * stride + i] = from[i * width + j + k];
  }
  for (; j < columns; j++, to += stride)
    for (size_t i = 0; i < rows; i++) to[i] = from[i * width + j];
}

MNG_INLINE void mng_winograd_f32_taps_body(const float *sums, size_t channels, size_t width,
                                           float *taps, float *dweight, size_t stride,
                                           size_t columns) {
  const size_t plane = channels * width;
  for (size_t i = 0; i < channels; i++) {
    const float *from = sums + i * width;
    float *to = taps + 9 * i * width;
    size_t c = 0;
#define COLUMNS(LANES) \
  for (; c + LANES <= width; c += LANES) taps_##LANES(from + c, plane, to + c, width);
    COLUMNS(16) COLUMNS(8) COLUMNS(4) COLUMNS(1)
#undef COLUMNS
  }
  turn(taps, 9 * channels, width, columns, dweight, stride);
}

MNG_VARIANTS(mng_winograd_f32_taps,
             (const float *sums, size_t channels, size_t width, float *taps, float *dweight,
              size_t stride, size_t columns),
             (sums, channels, width, taps, dweight, stride, columns))
