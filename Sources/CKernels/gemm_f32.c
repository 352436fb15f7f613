#include "gemm_f32.h"

#include <math.h>

size_t mng_gemm_f32_panel(mng_isa isa) { return mng_gemm_f32_kernel_of(isa)->panel; }
size_t mng_gemm_f32_tile_rows(mng_isa isa) { return mng_gemm_f32_kernel_of(isa)->rows; }

size_t mng_gemm_f32_packed_count(mng_isa isa, size_t k, size_t n) {
  size_t panel = mng_gemm_f32_panel(isa);
  if (n == 0) return 0;
  return k * ((n - 1) / panel * panel + mng_gemm_f32_last_width(panel, n));
}

// Rows of A are read where they lie, or first packed side by side. Packing pays when many panels
// read them, and when they lie at a distance that puts all of them into the same few sets of the
// first cache level.
enum {
  DEPTH = 1024,                // of K in one pass over the panels, packed: a panel then is 128 KiB
  PACKED_FLOATS = 112 * 1024,  // of packed rows, which stay in the second cache level
  IN_PLACE_FLOATS = 64 * 1024,
  PANELS = 8,  // from which packing pays by itself
  ALIASING_BYTES = 2048,
};

static size_t depth_of(size_t k) {
  const size_t passes = (k + DEPTH - 1) / DEPTH;
  return passes <= 1 ? k : (k + passes - 1) / passes;
}

static size_t rows_of(size_t floats, size_t k, size_t tile) {
  const size_t rows = k == 0 ? MNG_GEMM_BLOCK : mng_gemm_f32_min(floats / k, MNG_GEMM_BLOCK);
  return rows < tile ? tile : rows / tile * tile;
}

size_t mng_gemm_f32_block_scratch(size_t rows, size_t k) {
  const size_t depth = depth_of(k);
  const size_t most = rows_of(PACKED_FLOATS, depth, MNG_GEMM_MAX_ROWS) + MNG_GEMM_MAX_ROWS;
  return mng_gemm_f32_min(rows, most) * depth * sizeof(float);
}

static bool packing_pays(const float *const *pointers, size_t rows, size_t k, size_t panels,
                         const mng_gemm_f32_kernel *kernel) {
  if (rows < kernel->rows || k < 32) return false;
  if (panels >= PANELS) return true;
  const size_t distance = (size_t)((const char *)pointers[1] - (const char *)pointers[0]);
  return kernel->rows > 8 && distance % ALIASING_BYTES == 0 && distance != 0;
}

/// Rows of tile `tile` of `tiles` even ones: heights differ by one at most, so that no tile is left
/// with a row or two, which would only wait for the panel.
static size_t even(size_t rows, size_t tiles, size_t tile) {
  return rows / tiles + (tile < rows % tiles);
}

/// The pointers of several positions lie by whole tiles.
static size_t rows_of_tile(const mng_gemm_f32_kernel *kernel, size_t rows, size_t tiles,
                           size_t tile, size_t positions) {
  return positions == 1 ? even(rows, tiles, tile)
                        : mng_gemm_f32_min(kernel->rows, rows - tile * kernel->rows);
}

enum { TOGETHER = 8 };  // panels whose results go through the activation together, from the caches

/// The activation of the panels up to `panel`, every few panels and after the last.
static void activate(const mng_gemm_f32_kernel *kernel, const mng_epilogue_f32 *epilogue, float *y,
                     size_t y_stride, size_t rows, size_t n, size_t panel_begin, size_t panel,
                     size_t panel_end) {
  const size_t done = panel + 1 - panel_begin;
  if (!epilogue->activates || (done % TOGETHER != 0 && panel + 1 != panel_end)) return;
  const size_t first = panel_begin + (done - 1) / TOGETHER * TOGETHER;
  const size_t begin = first * kernel->panel;
  const size_t end = mng_gemm_f32_min((panel + 1) * kernel->panel, n);
  for (size_t row = 0; row < rows; row++) {
    float *values = y + row * y_stride + begin;
    mng_unary_f32(epilogue->activation, end - begin, values, epilogue->alpha, epilogue->beta,
                  values);
  }
}

static void block_in_place(const mng_gemm_f32_kernel *kernel, const float *const *pointers,
                           size_t rows, size_t offset, size_t positions, size_t channels,
                           const float *packed, size_t n, float *y, size_t y_stride,
                           size_t panel_begin, size_t panel_end, const mng_epilogue_f32 *epilogue) {
  const size_t width = kernel->panel, k = positions * channels;
  const size_t tiles = (rows + kernel->rows - 1) / kernel->rows;
  for (size_t panel = panel_begin; panel < panel_end; panel++) {
    const size_t column = panel * width;
    const size_t columns = mng_gemm_f32_min(width, n - column);
    const int full = columns > width / 2;
    const float *b = packed + column * k;
    const float *next = panel + 1 < panel_end ? b + width * k : b;
    for (size_t tile = 0, row = 0; tile < tiles; tile++) {
      const size_t count = rows_of_tile(kernel, rows, tiles, tile, positions);
      const size_t stride = epilogue->residual_stride;
      const float *residual =
          epilogue->residual ? epilogue->residual + row * stride + column : NULL;
      // The order of a sum is that of `block_packed`, so that no result depends on which of them
      // ran.
      const bool whole = depth_of(k) == k;
      // The first panel reads the rows from afar, the others find them in the second cache level.
      const bool afar = panel == panel_begin && positions == 1;
      const float *ahead = tile + 1 == tiles ? next : afar ? pointers[row + count] + offset : b;
      kernel->in_place[full][count - 1](
          pointers + row * positions, offset, positions, channels, b, y + row * y_stride + column,
          y_stride, columns, whole ? NULL : residual, stride,
          epilogue->bias ? epilogue->bias + column : NULL, whole ? residual : NULL, stride,
          epilogue->minimum, epilogue->maximum, ahead, (full ? width : width / 2) * sizeof(float));
      row += count;
    }
    activate(kernel, epilogue, y, y_stride, rows, n, panel_begin, panel, panel_end);
  }
}

static void block_packed(const mng_gemm_f32_kernel *kernel, const float *const *pointers,
                         size_t rows, size_t offset, size_t positions, size_t channels,
                         const float *packed, size_t n, float *y, size_t y_stride,
                         size_t panel_begin, size_t panel_end, const mng_epilogue_f32 *epilogue,
                         float *scratch) {
  const size_t width = kernel->panel, k = positions * channels, depth = depth_of(k);
  const size_t tiles = (rows + kernel->rows - 1) / kernel->rows;
  for (size_t begin = 0; begin < k; begin += depth) {
    const size_t end = mng_gemm_f32_min(begin + depth, k), here = end - begin;
    const bool whole = here == k, first = begin == 0, last = end == k;
    for (size_t tile = 0, row = 0; tile < tiles; tile++) {
      const size_t count = rows_of_tile(kernel, rows, tiles, tile, positions);
      mng_gemm_f32_pack_rows(pointers + row * positions, count, offset, channels, begin, end,
                             scratch + row * here);
      row += count;
    }
    for (size_t panel = panel_begin; panel < panel_end; panel++) {
      const size_t column = panel * width;
      const size_t columns = mng_gemm_f32_min(width, n - column);
      const int full = columns > width / 2;
      const size_t stored = full ? width : width / 2;
      const float *b = packed + column * k + begin * stored;
      // Each tile asks for its part of the next panel, which may come from afar: the last tile alone
      // could not have all of it fetched in time.
      const char *next = (const char *)(panel + 1 < panel_end ? b + width * k : b);
      const size_t step = (stored * sizeof(float) + tiles - 1) / tiles;
      for (size_t tile = 0, row = 0; tile < tiles; tile++) {
        const size_t count = rows_of_tile(kernel, rows, tiles, tile, positions);
        float *out = y + row * y_stride + column;
        const float *residual = epilogue->residual
                                    ? epilogue->residual + row * epilogue->residual_stride + column
                                    : NULL;
        // In several passes, the first begins with the residual: it may be where the sums are kept
        // meanwhile.
        const float *start = whole ? NULL : first ? residual : out;
        kernel->packed[full][count - 1](
            scratch + row * here, here, b, out, y_stride, columns, start,
            first ? epilogue->residual_stride : y_stride,
            last && epilogue->bias ? epilogue->bias + column : NULL, whole ? residual : NULL,
            epilogue->residual_stride, last ? epilogue->minimum : -INFINITY,
            last ? epilogue->maximum : INFINITY, (const float *)(next + tile * here * step), step);
        row += count;
      }
      if (last)
        activate(kernel, epilogue, y, y_stride, rows, n, panel_begin, panel, panel_end);
    }
  }
}

void mng_gemm_f32_block(const mng_gemm_f32_kernel *kernel, const float *const *pointers,
                        size_t rows, size_t offset, size_t positions, size_t channels,
                        const float *packed, size_t n, float *y, size_t y_stride,
                        size_t panel_begin, size_t panel_end, const mng_epilogue_f32 *epilogue,
                        void *scratch) {
  const size_t k = positions * channels;
  const bool packs = packing_pays(pointers, rows, k, panel_end - panel_begin, kernel);
  const size_t most = packs ? rows_of(PACKED_FLOATS, depth_of(k), kernel->rows)
                            : rows_of(IN_PLACE_FLOATS, channels, kernel->rows);
  // Every block reads all panels: a small one at the end would only wait for them.
  const size_t blocks = (rows + most - 1) / most;
  const size_t tiles = blocks == 0 ? 0 : (even(rows, blocks, 0) + kernel->rows - 1) / kernel->rows;
  const size_t block = packs ? tiles * kernel->rows : most;
  for (size_t row = 0; row < rows; row += block) {
    const size_t count = mng_gemm_f32_min(block, rows - row);
    const float *const *from = pointers + row * positions;
    float *out = y + row * y_stride;
    mng_epilogue_f32 here = *epilogue;
    if (here.residual) here.residual += row * here.residual_stride;
    if (packs) {
      block_packed(kernel, from, count, offset, positions, channels, packed, n, out, y_stride,
                   panel_begin, panel_end, &here, scratch);
    } else {
      block_in_place(kernel, from, count, offset, positions, channels, packed, n, out, y_stride,
                     panel_begin, panel_end, &here);
    }
  }
}

size_t mng_gemm_f32_scratch(size_t rows, size_t k) { return mng_gemm_f32_block_scratch(rows, k); }

void mng_gemm_f32(mng_isa isa, const float *a, size_t a_stride, size_t k, const float *packed,
                  size_t n, float *y, size_t y_stride, size_t row_begin, size_t row_end,
                  size_t panel_begin, size_t panel_end, const mng_epilogue_f32 *epilogue,
                  void *scratch) {
  const mng_gemm_f32_kernel *kernel = mng_gemm_f32_kernel_of(isa);
  const float *pointers[MNG_GEMM_BLOCK];
  const size_t block = MNG_GEMM_BLOCK / kernel->rows * kernel->rows;
  for (size_t row = row_begin; row < row_end; row += block) {
    const size_t rows = mng_gemm_f32_min(block, row_end - row);
    for (size_t i = 0; i < rows; i++) pointers[i] = a + (row + i) * a_stride;
    mng_epilogue_f32 here = *epilogue;
    if (here.residual) here.residual += row * here.residual_stride;
    mng_gemm_f32_block(kernel, pointers, rows, 0, 1, k, packed, n, y + row * y_stride, y_stride,
                       panel_begin, panel_end, &here, scratch);
  }
}
