#include "gemm_f32.h"

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
