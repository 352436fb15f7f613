#include "mng_convolution_f32.h"

#include <string.h>

#include "gemm_f32.h"

enum { MAX_POINTERS = 4096, WINDOW_FLOATS = 16384, ALIGNMENT = 64 };

/// With few channels, the window's rows are taken whole: a position is one kernel row of
/// `kernel_width * channels` values, read in place, or copied where it hangs over an edge.
static bool takes_window_rows(const mng_window *w, size_t packed_groups) {
  return packed_groups == 1 && w->dilation_width == 1 && w->kernel_width > 1 && w->channels < 16;
}

static size_t block_rows(const mng_window *w, size_t packed_groups, size_t tile) {
  const bool window_rows = takes_window_rows(w, packed_groups);
  const size_t positions = window_rows ? w->kernel_height : w->kernel_height * w->kernel_width;
  size_t rows = MAX_POINTERS / positions;
  if (window_rows)
    rows = mng_gemm_f32_min(rows, WINDOW_FLOATS / (positions * w->kernel_width * w->channels));
  rows = mng_gemm_f32_min(rows, MNG_GEMM_BLOCK) / tile * tile;
  return rows == 0 ? tile : rows;
}

mng_convolution_packing mng_convolution_f32_packing(mng_isa isa, const mng_window *window,
                                                    size_t groups) {
  const size_t inputs = window->channels / groups, outputs = window->out_channels / groups;
  const size_t panel = mng_gemm_f32_panel(isa);
  // Neighbouring groups share a matrix until they fill half a panel: the zeros cost less than idle
  // lanes.
  size_t merge = 1;
  while (merge * outputs < panel / 2 && groups % (merge * 2) == 0) merge *= 2;
  mng_convolution_packing packing = {groups / merge, merge, inputs * merge, outputs * merge, 0, 0};
  const size_t k = packing.inputs * window->kernel_height * window->kernel_width;
  packing.panels = (packing.outputs + panel - 1) / panel;
  packing.count = packing.groups * mng_gemm_f32_packed_count(isa, k, packing.outputs);
  return packing;
}

void mng_convolution_f32_pack(mng_isa isa, const mng_convolution_packing *packing,
                              const mng_weight_f32 *weight, float *packed, size_t group_begin,
                              size_t group_end) {
  const size_t kernel = weight->kernel_height * weight->kernel_width;
  const size_t count = mng_gemm_f32_packed_count(isa, packing->inputs * kernel, packing->outputs);
  for (size_t g = group_begin; g < group_end; g++) {
    mng_weight_f32 group = *weight;
    const size_t first = g * packing->outputs;
    group.values += (ptrdiff_t)first * weight->output_stride;
    group.outputs = packing->outputs;
    if (group.scale) group.scale += first;
    float *out = packed + g * count;
    if (packing->merge == 1) {
      mng_gemm_f32_pack(isa, &group, out, 0, packing->panels);
      continue;
    }
    // Block-diagonal: merged groups fit one panel.
    const size_t panel = mng_gemm_f32_panel(isa);
    const size_t width = mng_gemm_f32_last_width(panel, packing->outputs);
    const size_t outputs = packing->outputs / packing->merge;
    for (size_t p = 0; p < packing->panels; p++) {
      const size_t column = p * panel;
      const size_t columns = mng_gemm_f32_min(panel, packing->outputs - column);
      const size_t here = p + 1 == packing->panels ? width : panel;
      for (size_t h = 0; h < weight->kernel_height; h++) {
        for (size_t w = 0; w < weight->kernel_width; w++) {
          for (size_t i = 0; i < packing->inputs; i++, out += here) {
            memset(out, 0, here * sizeof(float));
            const size_t member = i / weight->inputs;
            for (size_t j = 0; j < columns; j++) {
              const size_t o = column + j;
              if (o / outputs != member) continue;
              const float *value = group.values + (ptrdiff_t)o * weight->output_stride +
                                   (ptrdiff_t)(i % weight->inputs) * weight->input_stride +
                                   (ptrdiff_t)h * weight->row_stride +
                                   (ptrdiff_t)w * weight->column_stride;
              out[j] = group.scale ? *value * group.scale[o] : *value;
            }
          }
        }
      }
    }
  }
}

static size_t aligned(size_t bytes) { return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

size_t mng_convolution_f32_scratch(const mng_window *window,
                                   const mng_convolution_packing *packing) {
  // As many rows as any instruction set's tiles may round to.
  size_t rows = block_rows(window, packing->groups, 1);
  if (rows < MNG_GEMM_MAX_ROWS) rows = MNG_GEMM_MAX_ROWS;
  const bool window_rows = takes_window_rows(window, packing->groups);
  const size_t positions = window->kernel_height * (window_rows ? 1 : window->kernel_width);
  const size_t k = packing->inputs * window->kernel_height * window->kernel_width;
  return aligned(rows * positions * sizeof(float *)) +
         aligned(window_rows ? rows * k * sizeof(float) : 0) + mng_gemm_f32_block_scratch(rows, k);
}

/// Where the window of one output pixel begins; wraps below zero, as the bounds checks expect.
typedef struct pixel {
  const float *image;
  size_t y, x;
  size_t line, column;  ///< of the output
} pixel;

static pixel pixel_of(const mng_window *w, const float *input, size_t row) {
  const size_t plane = w->out_height * w->out_width;
  const size_t image = row / plane, rest = row % plane;
  const size_t line = rest / w->out_width, column = rest % w->out_width;
  return (pixel){input + image * w->height * w->width * w->channels,
                 line * w->stride_height - w->pad_top, column * w->stride_width - w->pad_left, line,
                 column};
}

/// The next output pixel's, without a division.
static void advance(const mng_window *w, pixel *at) {
  at->x += w->stride_width;
  if (++at->column < w->out_width) return;
  at->column = 0;
  at->x = 0 - w->pad_left;
  at->y += w->stride_height;
  if (++at->line < w->out_height) return;
  at->line = 0;
  at->y = 0 - w->pad_top;
  at->image += w->height * w->width * w->channels;
}

static void point_at_pixels(const mng_window *w, const float *input, const float *zero, size_t row,
                            size_t rows, const float **pointers) {
  pixel at = pixel_of(w, input, row);
  for (size_t i = 0; i < rows; i++, advance(w, &at)) {
    const float **out = pointers + i;
    for (size_t h = 0; h < w->kernel_height; h++) {
      const size_t y = at.y + h * w->dilation_height;
      for (size_t v = 0; v < w->kernel_width; v++, out += rows) {
        const size_t x = at.x + v * w->dilation_width;
        const bool inside = y < w->height && x < w->width;
        *out = inside ? at.image + (y * w->width + x) * w->channels : zero;
      }
    }
  }
}

static void point_at_window_rows(const mng_window *w, const float *input, size_t row, size_t rows,
                                 const float **pointers, float *copies) {
  const size_t span = w->kernel_width, count = span * w->channels;
  pixel at = pixel_of(w, input, row);
  for (size_t i = 0; i < rows; i++, advance(w, &at)) {
    for (size_t h = 0; h < w->kernel_height; h++, copies += count) {
      const size_t y = at.y + h * w->dilation_height;
      if (y < w->height && at.x < w->width && at.x + span <= w->width) {
        pointers[h * rows + i] = at.image + (y * w->width + at.x) * w->channels;
        continue;
      }
      memset(copies, 0, count * sizeof(float));
      for (size_t v = 0; v < span && y < w->height; v++) {
        const size_t x = at.x + v;
        if (x >= w->width) continue;
        memcpy(copies + v * w->channels, at.image + (y * w->width + x) * w->channels,
               w->channels * sizeof(float));
      }
      pointers[h * rows + i] = copies;
    }
  }
}

void mng_convolution_f32(mng_isa isa, const mng_window *window,
                         const mng_convolution_packing *packing, const float *x,
                         const float *packed, const float *zero, float *y, size_t y_stride,
                         size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                         const mng_epilogue_f32 *epilogue, void *scratch) {
  const mng_gemm_f32_kernel *kernel = mng_gemm_f32_kernel_of(isa);
  const bool window_rows = takes_window_rows(window, packing->groups);
  const size_t kernel_size = window->kernel_height * window->kernel_width;
  const size_t positions = window_rows ? window->kernel_height : kernel_size;
  const size_t channels = packing->inputs * (window_rows ? window->kernel_width : 1);
  const size_t count =
      mng_gemm_f32_packed_count(isa, packing->inputs * kernel_size, packing->outputs);
  const size_t block = block_rows(window, packing->groups, kernel->rows);
  const float **pointers = scratch;
  float *copies = (float *)((char *)scratch + aligned(block * positions * sizeof(float *)));
  float *packed_rows =
      (float *)((char *)copies +
                aligned(window_rows ? block * positions * channels * sizeof(float) : 0));

  for (size_t row = row_begin; row < row_end; row += block) {
    const size_t rows = mng_gemm_f32_min(block, row_end - row);
    for (size_t i = 0; i < rows; i += kernel->rows) {
      const size_t tile = mng_gemm_f32_min(kernel->rows, rows - i);
      if (window_rows) {
        point_at_window_rows(window, x, row + i, tile, pointers + i * positions,
                             copies + i * positions * channels);
      } else {
        point_at_pixels(window, x, zero, row + i, tile, pointers + i * positions);
      }
    }
    for (size_t panel = panel_begin; panel < panel_end;) {
      const size_t group = panel / packing->panels;
      const size_t first = panel - group * packing->panels;
      const size_t last = mng_gemm_f32_min(packing->panels, panel_end - group * packing->panels);
      const size_t column = group * packing->outputs;
      mng_epilogue_f32 here = *epilogue;
      if (here.bias) here.bias += column;
      if (here.residual) here.residual += row * here.residual_stride + column;
      mng_gemm_f32_block(kernel, pointers, rows, group * packing->inputs, positions, channels,
                         packed + group * count, packing->outputs, y + row * y_stride + column,
                         y_stride, first, last, &here, packed_rows);
      panel += last - first;
    }
  }
}
