#include "gemm_f32.h"
#include "lanes.h"
#include "winograd_f32.h"

typedef double mng_f64x8 __attribute__((vector_size(64), aligned(8), may_alias));

/// `u = N G g` along one axis: the rows of `G` but for their divisors.
#define WEIGHT_AXIS(V, g0, g1, g2, u0, u1, u2, u3, u4, u5)                   \
  {                                                                          \
    const V even_p = g0 + p * p * g2, even_q = g0 + q * q * g2;              \
    u0 = g0;                                                                 \
    u1 = even_p + p * g1;                                                    \
    u2 = even_p - p * g1;                                                    \
    u3 = even_q + q * g1;                                                    \
    u4 = even_q - q * g1;                                                    \
    u5 = g2;                                                                 \
  }

/// Eight outputs of one input; in double, since each weight is rounded once and used for ever.
MNG_INLINE void weights_8(const float *taps, size_t width, float *to, size_t matrix) {
  const double p = MNG_WINOGRAD_P, q = MNG_WINOGRAD_Q;
  const double of_p = 1 / (2 * p * p * (p * p - q * q)), of_q = 1 / (2 * q * q * (q * q - p * p));
  const double divisor[6] = {1 / (p * p * q * q), of_p, of_p, of_q, of_q, 1};
  mng_f64x8 t[3][6];
  for (size_t i = 0; i < 3; i++) {
    const float *line = taps + 3 * i * width;
    const mng_f64x8 g0 = __builtin_convertvector(MNG_READ(mng_f32x8, line), mng_f64x8);
    const mng_f64x8 g1 = __builtin_convertvector(MNG_READ(mng_f32x8, line + width), mng_f64x8);
    const mng_f64x8 g2 = __builtin_convertvector(MNG_READ(mng_f32x8, line + 2 * width), mng_f64x8);
    WEIGHT_AXIS(mng_f64x8, g0, g1, g2, t[i][0], t[i][1], t[i][2], t[i][3], t[i][4], t[i][5])
  }
  for (size_t j = 0; j < 6; j++) {
    mng_f64x8 u[6];
    WEIGHT_AXIS(mng_f64x8, t[0][j], t[1][j], t[2][j], u[0], u[1], u[2], u[3], u[4], u[5])
    for (size_t i = 0; i < 6; i++)
      MNG_AT(mng_f32x8, to + (6 * i + j) * matrix) =
          __builtin_convertvector(u[i] * (divisor[i] * divisor[j]), mng_f32x8);
  }
}

/// One output, where panels are narrower than eight.
MNG_INLINE void weights_1(const float *taps, size_t width, float *to, size_t matrix) {
  float wide[9][8] = {0}, out[MNG_WINOGRAD_POINTS][8];
  for (size_t i = 0; i < 9; i++) wide[i][0] = taps[i * width];
  weights_8(wide[0], 8, out[0], 8);
  for (size_t i = 0; i < MNG_WINOGRAD_POINTS; i++) to[i * matrix] = out[i][0];
}

MNG_INLINE void mng_winograd_f32_weights_body(const float *taps, size_t count, size_t width,
                                              float *to, size_t matrix) {
  for (size_t i = 0; i < count; i++, taps += 9 * width, to += width) {
    size_t j = 0;
    for (; j + 8 <= width; j += 8) weights_8(taps + j, width, to + j, matrix);
    for (; j < width; j++) weights_1(taps + j, width, to + j, matrix);
  }
}

MNG_VARIANTS(mng_winograd_f32_weights,
             (const float *taps, size_t count, size_t width, float *to, size_t matrix),
             (taps, count, width, to, matrix))

size_t mng_winograd_f32_packed_count(mng_isa isa, size_t channels, size_t outputs) {
  return MNG_WINOGRAD_POINTS * mng_gemm_f32_packed_count(isa, channels, outputs);
}

void mng_winograd_f32_pack(mng_isa isa, const mng_weight_f32 *weight, float *packed,
                           size_t panel_begin, size_t panel_end) {
  enum { INPUTS = 16, WIDEST = 32 };  // whose taps stay in the first cache level
  const size_t panel = mng_gemm_f32_panel(isa), channels = weight->inputs, n = weight->outputs;
  const size_t matrix = mng_gemm_f32_packed_count(isa, channels, n);
  const bool dense =
      weight->input_stride == 9 && weight->row_stride == 3 && weight->column_stride == 1;
  float taps[INPUTS * 9 * WIDEST];
  for (size_t p = panel_begin; p < panel_end; p++) {
    const size_t column = p * panel, columns = mng_gemm_f32_min(panel, n - column);
    const size_t width = columns <= panel / 2 ? panel / 2 : panel;
    for (size_t begin = 0; begin < channels; begin += INPUTS) {
      const size_t count = mng_gemm_f32_min(INPUTS, channels - begin);
      const float *from = weight->values + (ptrdiff_t)column * weight->output_stride +
                          (ptrdiff_t)begin * weight->input_stride;
      const float *scale = weight->scale ? weight->scale + column : NULL;
      if (dense) {
        mng_gemm_f32_pack_outputs(from, (size_t)weight->output_stride, columns, 9 * count, scale,
                                  taps, width);
      } else {
        for (size_t i = 0; i < 9 * count; i++) {
          const float *tap = from + (ptrdiff_t)(i / 9) * weight->input_stride +
                             (ptrdiff_t)(i % 9 / 3) * weight->row_stride +
                             (ptrdiff_t)(i % 3) * weight->column_stride;
          for (size_t j = 0; j < width; j++)
            taps[i * width + j] =
                j < columns ? tap[(ptrdiff_t)j * weight->output_stride] * (scale ? scale[j] : 1)
                            : 0;
        }
      }
      mng_winograd_f32_weights(taps, count, width, packed + column * channels + begin * width,
                               matrix);
    }
  }
}
