#include <string.h>

#include "gemm_f32.h"
#include "lanes.h"

/// By fours, through registers.
MNG_INLINE void mng_gemm_f32_pack_outputs_body(const float *from, size_t stride, size_t columns,
                                               size_t count, const float *scale, float *to,
                                               size_t width) {
  size_t j = 0;
  for (; j + 4 <= columns; j += 4) {
    const float *a = from + j * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    const mng_f32x4 factor = scale ? MNG_READ(mng_f32x4, scale + j) : (mng_f32x4){1, 1, 1, 1};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
      const mng_f32x4 ra = MNG_READ(mng_f32x4, a + i), rb = MNG_READ(mng_f32x4, b + i);
      const mng_f32x4 rc = MNG_READ(mng_f32x4, c + i), rd = MNG_READ(mng_f32x4, d + i);
      const mng_f32x4 ab_low = __builtin_shufflevector(ra, rb, 0, 4, 1, 5);
      const mng_f32x4 ab_high = __builtin_shufflevector(ra, rb, 2, 6, 3, 7);
      const mng_f32x4 cd_low = __builtin_shufflevector(rc, rd, 0, 4, 1, 5);
      const mng_f32x4 cd_high = __builtin_shufflevector(rc, rd, 2, 6, 3, 7);
      float *out = to + i * width + j;
      MNG_AT(mng_f32x4, out) = factor * __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
      MNG_AT(mng_f32x4, out + width) = factor * __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
      MNG_AT(mng_f32x4, out + 2 * width) =
          factor * __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
      MNG_AT(mng_f32x4, out + 3 * width) =
          factor * __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
    }
    for (; i < count; i++) {
      const mng_f32x4 values = {a[i], b[i], c[i], d[i]};
      MNG_AT(mng_f32x4, to + i * width + j) = factor * values;
    }
  }
  for (; j < width; j++)
    for (size_t i = 0; i < count; i++)
      to[i * width + j] = j >= columns ? 0 : from[j * stride + i] * (scale ? scale[j] : 1);
}

MNG_VARIANTS(mng_gemm_f32_pack_outputs,
             (const float *from, size_t stride, size_t columns, size_t count, const float *scale,
              float *to, size_t width),
             (from, stride, columns, count, scale, to, width))

void mng_gemm_f32_pack(mng_isa isa, const mng_weight_f32 *weight, float *packed, size_t panel_begin,
                       size_t panel_end) {
  const size_t panel = mng_gemm_f32_panel(isa);
  const size_t n = weight->outputs;
  const size_t k = weight->inputs * weight->kernel_height * weight->kernel_width;
  enum { BLOCK = 64 };  // inputs whose packed rows stay in the first cache level
  for (size_t p = panel_begin; p < panel_end; p++) {
    const size_t column = p * panel, columns = mng_gemm_f32_min(panel, n - column);
    const size_t width = columns <= panel / 2 ? panel / 2 : panel;
    float *out = packed + column * k;
    for (size_t h = 0; h < weight->kernel_height; h++) {
      for (size_t w = 0; w < weight->kernel_width; w++) {
        const float *window = weight->values + (ptrdiff_t)h * weight->row_stride +
                              (ptrdiff_t)w * weight->column_stride +
                              (ptrdiff_t)column * weight->output_stride;
        for (size_t begin = 0; begin < weight->inputs; begin += BLOCK) {
          const size_t end = mng_gemm_f32_min(begin + BLOCK, weight->inputs);
          if (weight->input_stride == 1 && weight->output_stride >= 0) {
            mng_gemm_f32_pack_outputs(window + begin, (size_t)weight->output_stride, columns,
                                      end - begin, weight->scale ? weight->scale + column : NULL,
                                      out, width);
            out += (end - begin) * width;
            continue;
          }
          if (weight->output_stride == 1 && !weight->scale) {
            for (size_t i = begin; i < end; i++, out += width) {
              memcpy(out, window + (ptrdiff_t)i * weight->input_stride, columns * sizeof *out);
              memset(out + columns, 0, (width - columns) * sizeof *out);
            }
            continue;
          }
          for (size_t j = 0; j < width; j++) {
            if (j >= columns) {
              for (size_t i = begin; i < end; i++) out[(i - begin) * width + j] = 0;
              continue;
            }
            const float *from = window + (ptrdiff_t)j * weight->output_stride;
            const float scale = weight->scale ? weight->scale[column + j] : 1;
            for (size_t i = begin; i < end; i++)
              out[(i - begin) * width + j] = from[(ptrdiff_t)i * weight->input_stride] * scale;
          }
          out += (end - begin) * width;
        }
      }
    }
  }
}
