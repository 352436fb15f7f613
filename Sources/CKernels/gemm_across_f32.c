#include "mng_gemm_across_f32.h"

#include <math.h>

#include "gemm_f32.h"
#include "lanes.h"

enum {
  DEPTH = 1024,                // of K in one pass over the panels: a panel then is 128 KiB
  PACKED_FLOATS = 112 * 1024,  // of gathered columns, which stay in the second cache level
};

/// Where the left operand's columns come from.
typedef struct source {
  const float *a;
  size_t stride;
  const mng_window *window;  ///< NULL for a matrix
  size_t first_channel, channels;
} source;

// Defined by MNG_VARIANTS below; for this file alone.
void mng_gemm_f32_gather_windows(const mng_window *window, const float *x, size_t row,
                                 size_t column, size_t channels, size_t offset, size_t count,
                                 size_t begin, size_t end, float *to);

/// Copies a few floats, by two vectors that overlap.
MNG_INLINE void copy_few(const float *from, size_t count, float *to) {
  if (count >= 8) {
    const mng_f32x8 first = MNG_READ(mng_f32x8, from);
    const mng_f32x8 last = MNG_READ(mng_f32x8, from + count - 8);
    MNG_AT(mng_f32x8, to) = first;
    MNG_AT(mng_f32x8, to + count - 8) = last;
  } else if (count >= 4) {
    const mng_f32x4 first = MNG_READ(mng_f32x4, from);
    const mng_f32x4 last = MNG_READ(mng_f32x4, from + count - 4);
    MNG_AT(mng_f32x4, to) = first;
    MNG_AT(mng_f32x4, to + count - 4) = last;
  } else {
    for (size_t i = 0; i < count; i++) to[i] = from[i];
  }
}

MNG_INLINE void mng_gemm_f32_gather_columns_body(const float *a, size_t stride, size_t count,
                                                 size_t rows, float *to) {
  for (size_t r = 0; r < rows; r++, a += stride, to += count) copy_few(a, count, to);
}

MNG_VARIANTS(mng_gemm_f32_gather_columns,
             (const float *a, size_t stride, size_t count, size_t rows, float *to),
             (a, stride, count, rows, to))

MNG_INLINE void mng_gemm_f32_gather_windows_body(const mng_window *window, const float *x,
                                                 size_t row, size_t column, size_t channels,
                                                 size_t offset, size_t count, size_t begin,
                                                 size_t end, float *to) {
  const mng_window g = *window;
  // Taps side by side that the columns reach over.
  const size_t first = offset / channels, last = (offset + count - 1) / channels;
  for (size_t k = begin; k < end;) {
    const size_t line = k / g.out_width, ox = k % g.out_width;
    const size_t image = line / g.out_height, oy = line % g.out_height;
    const size_t stop = k + mng_min(g.out_width - ox, end - k);
    const size_t iy = oy * g.stride_height - g.pad_top + row * g.dilation_height;
    if (iy >= g.height) {
      memset(to, 0, (stop - k) * count * sizeof *to);
      to += (stop - k) * count;
      k = stop;
      continue;
    }
    const float *from = x + (image * g.height + iy) * g.width * g.channels;
    size_t ix = ox * g.stride_width - g.pad_left + column * g.dilation_width;
    for (; k < stop; k++, to += count, ix += g.stride_width) {
      if (ix + first < g.width && ix + last < g.width && ix + first <= ix + last) {
        copy_few(from + (ptrdiff_t)(ix * g.channels + offset), count, to);
        continue;
      }
      for (size_t i = 0; i < count; i++) {
        const size_t at = ix + (offset + i) / channels;
        to[i] = at < g.width ? from[at * g.channels + (offset + i) % channels] : 0;
      }
    }
  }
}

MNG_VARIANTS(mng_gemm_f32_gather_windows,
             (const mng_window *window, const float *x, size_t row, size_t column,
              size_t channels, size_t offset, size_t count, size_t begin, size_t end, float *to),
             (window, x, row, column, channels, offset, count, begin, end, to))

static size_t tiles_of(const mng_gemm_f32_kernel *kernel, size_t rows) {
  return (rows + kernel->rows - 1) / kernel->rows;
}

/// Rows of a tile, which differ by one at most, and the first of them.
static size_t tile_of(size_t rows, size_t tiles, size_t tile, size_t *first) {
  const size_t rest = rows % tiles;
  *first = tile * (rows / tiles) + mng_min(tile, rest);
  return rows / tiles + (tile < rest);
}

void mng_window_rows(const mng_window *window, size_t channels, size_t *units, size_t *rows) {
  // Neighbouring taps of all channels lie side by side.
  const bool joined = window->dilation_width == 1 && channels == window->channels;
  *units = window->kernel_height * (joined ? 1 : window->kernel_width);
  *rows = channels * (joined ? window->kernel_width : 1);
}

size_t mng_gemm_f32_across_tiles(mng_isa isa, size_t units, size_t rows) {
  return units * tiles_of(mng_gemm_f32_kernel_of(isa), rows);
}

static size_t depth_of(size_t k) {
  const size_t passes = (k + DEPTH - 1) / DEPTH;
  return passes <= 1 ? k : (k + passes - 1) / passes;
}

static size_t tiles_together(const mng_gemm_f32_kernel *kernel, size_t k) {
  const size_t floats = (k == 0 ? 1 : depth_of(k)) * kernel->rows;
  return floats >= PACKED_FLOATS ? 1 : PACKED_FLOATS / floats;
}

size_t mng_gemm_f32_across_scratch(mng_isa isa, size_t k) {
  const mng_gemm_f32_kernel *kernel = mng_gemm_f32_kernel_of(isa);
  const size_t left = tiles_together(kernel, k) * kernel->rows;
  return (left + kernel->panel) * depth_of(k) * sizeof(float);
}

/// The right operand: as it lies, or packed where `stride` is 0.
typedef struct right {
  const float *b;
  size_t stride, k, n;
} right;

static const float *panel_of(const right *r, const mng_gemm_f32_kernel *kernel, size_t panel,
                             size_t begin) {
  const size_t column = panel * kernel->panel;
  if (r->stride) return r->b + begin * r->stride + column;
  const size_t stored = r->n - column > kernel->panel / 2 ? kernel->panel : kernel->panel / 2;
  return r->b + column * r->k + begin * stored;
}

// Defined by MNG_VARIANTS below; for this file alone.
void mng_gemm_f32_copy_panel(const float *from, size_t stride, size_t columns, size_t rows,
                             size_t width, float *to);

MNG_INLINE void mng_gemm_f32_copy_panel_body(const float *from, size_t stride, size_t columns,
                                             size_t rows, size_t width, float *to) {
  for (size_t r = 0; r < rows; r++, from += stride, to += width) {
    if (columns == 32 && width == 32) {
      memcpy(to, from, 32 * sizeof *to);
      continue;
    }
    for (size_t c = 0; c < columns; c++) to[c] = from[c];
    for (size_t c = columns; c < width; c++) to[c] = 0;
  }
}

MNG_VARIANTS(mng_gemm_f32_copy_panel,
             (const float *from, size_t stride, size_t columns, size_t rows, size_t width,
              float *to),
             (from, stride, columns, rows, width, to))

static void gather(const source *s, size_t unit, size_t offset, size_t count, size_t begin,
                   size_t end, float *to) {
  if (!s->window) {
    mng_gemm_f32_gather_columns(s->a + begin * s->stride + offset, s->stride, count, end - begin,
                                to);
    return;
  }
  size_t units, rows;
  mng_window_rows(s->window, s->channels, &units, &rows);
  const size_t columns = units / s->window->kernel_height;
  mng_gemm_f32_gather_windows(s->window, s->a + s->first_channel, unit / columns, unit % columns,
                              s->channels, offset, count, begin, end, to);
}

static void across(const mng_gemm_f32_kernel *kernel, const source *s, size_t unit_rows,
                   const right *r, bool accumulates, float *y, size_t y_stride, size_t tile_begin,
                   size_t tile_end, size_t panel_begin, size_t panel_end, float *scratch) {
  const size_t width = kernel->panel, k = r->k, n = r->n, depth = depth_of(k);
  const size_t tiles = tiles_of(kernel, unit_rows), together = tiles_together(kernel, k);
  float *copied = scratch + together * depth * kernel->rows;
  for (size_t block = tile_begin; block < tile_end; block += together) {
    const size_t block_end = mng_min(block + together, tile_end);
    for (size_t begin = 0; begin < k; begin += depth) {
      const size_t end = mng_min(begin + depth, k), here = end - begin;
      for (size_t t = block; t < block_end; t++) {
        size_t offset;
        const size_t count = tile_of(unit_rows, tiles, t % tiles, &offset);
        gather(s, t / tiles, offset, count, begin, end,
               scratch + (t - block) * depth * kernel->rows);
      }
      for (size_t panel = panel_begin; panel < panel_end; panel++) {
        const size_t column = panel * width, columns = mng_min(width, n - column);
        const int full = columns > width / 2;
        const size_t stored = full ? width : width / 2;
        const float *b = panel_of(r, kernel, panel, begin);
        const float *next = panel + 1 < panel_end ? panel_of(r, kernel, panel + 1, begin)
                            : end < k             ? panel_of(r, kernel, panel_begin, end)
                                                  : b;
        // What comes next is asked for by all tiles where it lies in one piece, or by the first
        size_t step = r->stride * sizeof(float);
        if (r->stride) {
          mng_gemm_f32_copy_panel(b, r->stride, columns, here, stored, copied);
          b = copied;
        } else {
          step = (stored * sizeof(float) + block_end - block - 1) / (block_end - block);
        }
        for (size_t t = block; t < block_end; t++) {
          size_t offset;
          const size_t count = tile_of(unit_rows, tiles, t % tiles, &offset);
          float *out = y + (t / tiles * unit_rows + offset) * y_stride + column;
          const char *ahead = (const char *)next + (r->stride ? 0 : (t - block) * here * step);
          const bool asks = !r->stride || t == block;
          kernel->packed[full][count - 1](
              scratch + (t - block) * depth * kernel->rows, here, b, out, y_stride, columns,
              begin == 0 && !accumulates ? NULL : out, y_stride, NULL, NULL, 0, -INFINITY, INFINITY,
              asks ? (const float *)ahead : b, asks ? step : 0);
        }
      }
    }
  }
}

void mng_gemm_f32_across(mng_isa isa, const float *a, size_t a_stride, size_t rows, size_t k,
                         const float *b, size_t b_stride, size_t n, bool accumulates, float *y,
                         size_t y_stride, size_t tile_begin, size_t tile_end, size_t panel_begin,
                         size_t panel_end, void *scratch) {
  const source s = {a, a_stride, NULL, 0, 0};
  const right r = {b, b_stride, k, n};
  across(mng_gemm_f32_kernel_of(isa), &s, rows, &r, accumulates, y, y_stride, tile_begin, tile_end,
         panel_begin, panel_end, scratch);
}

void mng_convolution_weight_gradient_f32(mng_isa isa, const mng_window *window,
                                         size_t first_channel, size_t channels, const float *x,
                                         const float *dy, size_t dy_stride, size_t n, float *y,
                                         size_t y_stride, size_t tile_begin, size_t tile_end,
                                         size_t panel_begin, size_t panel_end, void *scratch) {
  const source s = {x, 0, window, first_channel, channels};
  const right r = {dy, dy_stride, window->batch * window->out_height * window->out_width, n};
  size_t units, rows;
  mng_window_rows(window, channels, &units, &rows);
  across(mng_gemm_f32_kernel_of(isa), &s, rows, &r, false, y, y_stride, tile_begin, tile_end,
         panel_begin, panel_end, scratch);
}
