#include "mng_winograd_gradient_f32.h"

#include <math.h>

#include "gemm_f32.h"
#include "winograd_f32.h"

enum {
  LINE = 16,
  CHUNK_FLOATS = 1024 * 1024,  ///< of a chunk's transformed inputs and flows
  LEAST = 64,                  ///< tiles of a chunk: what a product sums over
  ROWS = 4,                    ///< tiles of channels whose sums are there at a time
  PANELS = 2,                  ///< and panels
};

static size_t odd_lines(size_t floats) { return ((floats + LINE - 1) / LINE | 1) * LINE; }

static size_t parts_of(size_t count, size_t most) { return (count + most - 1) / most; }

mng_winograd_gradient_cut mng_winograd_gradient_f32_cut(mng_isa isa, const mng_window *window) {
  const mng_gemm_f32_kernel *kernel = mng_gemm_f32_kernel_of(isa);
  const size_t channels = window->channels, outputs = window->out_channels;
  mng_winograd_gradient_cut cut = {.tiles = mng_winograd_f32_tiles(window)};
  size_t most = CHUNK_FLOATS / (MNG_WINOGRAD_POINTS * (channels + outputs));
  if (most < LEAST) most = LEAST;
  if (cut.tiles > 0) cut.chunk = parts_of(cut.tiles, parts_of(cut.tiles, most));
  cut.panels = parts_of(outputs, kernel->panel);
  cut.rows = parts_of(channels, kernel->rows);
  cut.input_row = odd_lines(channels);
  cut.input_plane = odd_lines(cut.chunk * cut.input_row);
  cut.flow_plane = odd_lines(mng_gemm_f32_packed_count(isa, cut.chunk, outputs));
  cut.input_floats = MNG_WINOGRAD_POINTS * cut.input_plane;
  cut.flow_floats = MNG_WINOGRAD_POINTS * cut.flow_plane;
  cut.sums_block = MNG_WINOGRAD_POINTS * kernel->rows * kernel->panel;
  if (cut.chunk < cut.tiles) cut.sums_floats = cut.rows * cut.panels * cut.sums_block;
  const size_t gathered = ROWS * cut.chunk * kernel->rows;
  const size_t taps = 9 * kernel->rows * kernel->panel;
  cut.scratch_bytes = (gathered + ROWS * PANELS * cut.sums_block + taps) * sizeof(float);
  return cut;
}

void mng_winograd_gradient_f32_transform(mng_isa isa, const mng_window *window,
                                         const mng_winograd_gradient_cut *cut, const float *x,
                                         const float *flow, const float *zero, size_t first,
                                         size_t tile_begin, size_t tile_end, float *inputs,
                                         float *flows) {
  const size_t width = mng_gemm_f32_panel(isa), outputs = window->out_channels;
  const size_t chunk = mng_gemm_f32_min(cut->chunk, cut->tiles - first);
  mng_winograd_f32_input(window, x, zero, first + tile_begin, first + tile_end,
                         inputs + tile_begin * cut->input_row, cut->input_row, cut->input_plane);
  for (size_t column = 0; column < outputs; column += width) {
    const size_t columns = mng_gemm_f32_min(width, outputs - column);
    const size_t stored = columns > width / 2 ? width : width / 2;
    mng_winograd_f32_flow(window, flow, zero, first + tile_begin, first + tile_end, column,
                          columns, flows + column * chunk + tile_begin * stored, stored,
                          cut->flow_plane);
  }
}

/// The first of a tile's channels, and how many they are: tiles differ by one at most.
static size_t channels_of(const mng_winograd_gradient_cut *cut, size_t channels, size_t row,
                          size_t *count) {
  const size_t even = channels / cut->rows, rest = channels % cut->rows;
  *count = even + (row < rest);
  return row * even + mng_gemm_f32_min(row, rest);
}

void mng_winograd_gradient_f32_products(mng_isa isa, const mng_window *window,
                                        const mng_winograd_gradient_cut *cut, size_t first,
                                        const float *inputs, const float *flows, float *sums,
                                        size_t row_begin, size_t row_end, size_t panel_begin,
                                        size_t panel_end, float *dweight, void *scratch) {
  const mng_gemm_f32_kernel *kernel = mng_gemm_f32_kernel_of(isa);
  const size_t channels = window->channels, outputs = window->out_channels, width = kernel->panel;
  const size_t chunk = mng_gemm_f32_min(cut->chunk, cut->tiles - first);
  const size_t gathered_tile = cut->chunk * kernel->rows;
  float *own = scratch, *taps = own + ROWS * PANELS * cut->sums_block;
  float *gathered = taps + 9 * kernel->rows * width;
  for (size_t row = row_begin; row < row_end; row += ROWS) {
    const size_t rows = mng_gemm_f32_min(ROWS, row_end - row);
    for (size_t panel = panel_begin; panel < panel_end; panel += PANELS) {
      const size_t panels = mng_gemm_f32_min(PANELS, panel_end - panel);
      for (size_t point = 0; point < MNG_WINOGRAD_POINTS; point++) {
        for (size_t i = 0; i < rows; i++) {
          size_t count;
          const size_t channel = channels_of(cut, channels, row + i, &count);
          mng_gemm_f32_gather_columns(inputs + point * cut->input_plane + channel, cut->input_row,
                                      count, chunk, gathered + i * gathered_tile);
        }
        for (size_t j = 0; j < panels; j++) {
          const size_t column = (panel + j) * width;
          const int full = outputs - column > width / 2;
          const size_t stored = full ? width : width / 2;
          const float *b = flows + point * cut->flow_plane + column * chunk;
          const float *next = point + 1 < MNG_WINOGRAD_POINTS ? b + cut->flow_plane : b;
          for (size_t i = 0; i < rows; i++) {
            size_t count;
            channels_of(cut, channels, row + i, &count);
            float *out = (cut->sums_floats == 0
                              ? own + (i * PANELS + j) * cut->sums_block
                              : sums + ((row + i) * cut->panels + panel + j) * cut->sums_block) +
                         point * count * stored;
            kernel->packed[full][count - 1](gathered + i * gathered_tile, chunk, b, out, stored,
                                            stored, first == 0 ? NULL : out, stored, NULL, NULL, 0,
                                            -INFINITY, INFINITY, i + 1 == rows ? next : b,
                                            stored * sizeof(float));
          }
        }
      }
      if (first + chunk < cut->tiles) continue;
      for (size_t j = 0; j < panels; j++) {
        const size_t column = (panel + j) * width, rest = outputs - column;
        for (size_t i = 0; i < rows; i++) {
          size_t count;
          const size_t channel = channels_of(cut, channels, row + i, &count);
          const float *from =
              cut->sums_floats == 0
                  ? own + (i * PANELS + j) * cut->sums_block
                  : sums + ((row + i) * cut->panels + panel + j) * cut->sums_block;
          mng_winograd_f32_taps(from, count, rest > width / 2 ? width : width / 2, taps,
                                dweight + (column * channels + channel) * 9, 9 * channels,
                                mng_gemm_f32_min(width, rest));
        }
      }
    }
  }
}
