#include "gemm_f32.h"

#include <string.h>

size_t mng_gemm_f32_panel(mng_isa isa) { return mng_gemm_f32_kernel_of(isa)->panel; }
size_t mng_gemm_f32_tile_rows(mng_isa isa) { return mng_gemm_f32_kernel_of(isa)->rows; }

size_t mng_gemm_f32_packed_count(mng_isa isa, size_t k, size_t n) {
  size_t panel = mng_gemm_f32_panel(isa);
  if (n == 0) return 0;
  return k * ((n - 1) / panel * panel + mng_gemm_f32_last_width(panel, n));
}

void mng_gemm_f32_block(const mng_gemm_f32_kernel *kernel, const float *const *pointers, size_t rows,
                        size_t offset, size_t positions, size_t channels, const float *packed,
                        size_t n, float *y, size_t y_stride, size_t panel_begin, size_t panel_end,
                        const mng_epilogue_f32 *epilogue) {
  const size_t width = kernel->panel, k = positions * channels;
  for (size_t panel = panel_begin; panel < panel_end; panel++) {
    const size_t column = panel * width;
    const size_t columns = mng_gemm_f32_min(width, n - column);
    const int full = columns > width / 2;
    const float *b = packed + column * k;
    const float *next = panel + 1 < panel_end ? b + width * k : b;
    for (size_t row = 0; row < rows; row += kernel->rows) {
      const size_t count = mng_gemm_f32_min(kernel->rows, rows - row);
      kernel->tile[full][count - 1](
          pointers + row * positions, offset, positions, channels, b,
          y + row * y_stride + column, y_stride, columns,
          epilogue->bias ? epilogue->bias + column : NULL,
          epilogue->residual ? epilogue->residual + row * epilogue->residual_stride + column : NULL,
          epilogue->residual_stride, epilogue->minimum, epilogue->maximum,
          row + kernel->rows >= rows ? next : b);
    }
  }
}

void mng_gemm_f32(mng_isa isa, const float *a, size_t a_stride, size_t k, const float *packed, size_t n,
                  float *y, size_t y_stride, size_t row_begin, size_t row_end, size_t panel_begin,
                  size_t panel_end, const mng_epilogue_f32 *epilogue) {
  const mng_gemm_f32_kernel *kernel = mng_gemm_f32_kernel_of(isa);
  enum { BLOCK = 32 * MNG_GEMM_MAX_ROWS };
  const float *pointers[BLOCK];
  // Rows that stay in the second cache level while the panels pass by.
  size_t block = k == 0 ? BLOCK : (256 * 1024 / sizeof(float)) / k;
  block = mng_gemm_f32_min(block, BLOCK) / kernel->rows * kernel->rows;
  if (block == 0) block = kernel->rows;
  for (size_t row = row_begin; row < row_end; row += block) {
    const size_t rows = mng_gemm_f32_min(block, row_end - row);
    for (size_t i = 0; i < rows; i++) pointers[i] = a + (row + i) * a_stride;
    mng_epilogue_f32 here = *epilogue;
    if (here.residual) here.residual += row * here.residual_stride;
    mng_gemm_f32_block(kernel, pointers, rows, 0, 1, k, packed, n, y + row * y_stride, y_stride,
                       panel_begin, panel_end, &here);
  }
}
