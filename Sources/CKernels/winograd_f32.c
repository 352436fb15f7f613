#include "winograd_f32.h"

#include <math.h>

#include "gemm_f32.h"

enum {
  LINE = 16,
  INPUT_FLOATS = 128 * 1024,
  PRODUCT_FLOATS = 80 * 1024,
};

/// `floats` rounded up to an odd number of cache lines: rows and planes then fall into different
/// sets of the first cache level.
static size_t odd_lines(size_t floats) { return ((floats + LINE - 1) / LINE | 1) * LINE; }

/// The parts of `count` when it is cut evenly into parts of at most `most`.
static size_t even_part(size_t count, size_t most) {
  const size_t parts = (count + most - 1) / most;
  return (count + parts - 1) / parts;
}

mng_winograd_cut mng_winograd_f32_cut(mng_isa isa, const mng_window *window, size_t tiles,
                                      size_t panels) {
  const mng_gemm_f32_kernel *kernel = mng_gemm_f32_kernel_of(isa);
  mng_winograd_cut cut = {0};
  if (tiles == 0 || panels == 0) return cut;
  cut.input_row = odd_lines(window->channels);
  size_t most = INPUT_FLOATS / (MNG_WINOGRAD_POINTS * cut.input_row) / kernel->rows * kernel->rows;
  if (most < 2 * kernel->rows) most = 2 * kernel->rows;
  cut.tiles = even_part(tiles, mng_gemm_f32_min(most, MNG_GEMM_BLOCK));
  most = PRODUCT_FLOATS / (MNG_WINOGRAD_POINTS * cut.tiles * kernel->panel);
  cut.panels = even_part(panels, most == 0 ? 1 : most);
  cut.product_row = odd_lines(cut.panels * kernel->panel);
  cut.input_plane = odd_lines(cut.tiles * cut.input_row);
  cut.product_plane = odd_lines(cut.tiles * cut.product_row);
  cut.bytes = MNG_WINOGRAD_POINTS * (cut.input_plane + cut.product_plane) * sizeof(float);
  return cut;
}

size_t mng_winograd_f32_tiles(const mng_window *window) {
  return window->batch * ((window->out_height + 3) / 4) * ((window->out_width + 3) / 4);
}

/// The products of a block's transformed inputs and panels `[panel_begin, panel_end)` of the
/// weights.
static void multiply(const mng_gemm_f32_kernel *kernel, const mng_winograd_cut *cut, const float *const *rows,
                     size_t tiles, size_t channels, const float *packed, size_t matrix, size_t n,
                     size_t panel_begin, size_t panel_end, float *products) {
  const size_t width = kernel->panel, step = even_part(tiles, kernel->rows);
  for (size_t point = 0; point < MNG_WINOGRAD_POINTS; point++) {
    for (size_t panel = panel_begin; panel < panel_end; panel++) {
      const size_t column = panel * width;
      const int full = mng_gemm_f32_min(width, n - column) > width / 2;
      const float *b = packed + point * matrix + column * channels;
      const float *next = panel + 1 < panel_end ? b + width * channels
                          : point + 1 < MNG_WINOGRAD_POINTS
                              ? packed + (point + 1) * matrix + panel_begin * width * channels
                              : b;
      float *out = products + point * cut->product_plane + (panel - panel_begin) * width;
      for (size_t tile = 0; tile < tiles; tile += step) {
        const size_t count = mng_gemm_f32_min(step, tiles - tile);
        kernel->in_place[full][count - 1](
            rows + tile, point * cut->input_plane, 1, channels, b, out + tile * cut->product_row,
            cut->product_row, full ? width : width / 2, NULL, 0, NULL, NULL, 0, -INFINITY, INFINITY,
            tile + step >= tiles ? next : b, (full ? width : width / 2) * sizeof(float));
      }
    }
  }
}

void mng_winograd_f32(mng_isa isa, const mng_window *window, const mng_winograd_cut *cut,
                      const float *x, const float *packed, const float *zero, float *y,
                      size_t tile_begin, size_t tile_end, size_t panel_begin, size_t panel_end,
                      const mng_epilogue_f32 *epilogue, void *scratch) {
  const mng_gemm_f32_kernel *kernel = mng_gemm_f32_kernel_of(isa);
  const size_t channels = window->channels, n = window->out_channels;
  const size_t matrix = mng_gemm_f32_packed_count(isa, channels, n);
  float *inputs = scratch, *products = inputs + MNG_WINOGRAD_POINTS * cut->input_plane;
  const float *rows[MNG_GEMM_BLOCK];
  for (size_t i = 0; i < cut->tiles; i++) rows[i] = inputs + i * cut->input_row;
  for (size_t tile = tile_begin; tile < tile_end; tile += cut->tiles) {
    const size_t tiles = mng_gemm_f32_min(cut->tiles, tile_end - tile);
    mng_winograd_f32_input(window, x, zero, tile, tile + tiles, inputs, cut->input_row,
                           cut->input_plane);
    for (size_t panel = panel_begin; panel < panel_end; panel += cut->panels) {
      const size_t end = mng_gemm_f32_min(panel + cut->panels, panel_end);
      multiply(kernel, cut, rows, tiles, channels, packed, matrix, n, panel, end, products);
      mng_winograd_f32_output(window, products, cut->product_row, cut->product_plane, tile,
                              tile + tiles, panel * kernel->panel,
                              mng_gemm_f32_min(end * kernel->panel, n), epilogue, y);
    }
  }
}
