#include "gemm_bf16.h"

#include <string.h>

#include "narrow_floats.h"

enum {
  PANEL = MNG_GEMM_BF16_PANEL,
  TILE = MNG_GEMM_BF16_TILE,
  BLOCK_PAIRS = 112 * 1024,  // of packed rows, which stay in the second cache level
};

bool mng_gemm_bf16_is_fast(void) {
#if defined(__x86_64__)
  return mng_isa_current() == MNG_ISA_AVX512 && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

static size_t pairs_of(size_t k) { return (k + 1) / 2; }

size_t mng_gemm_bf16_packed_count(size_t k, size_t n) {
  return (n + PANEL - 1) / PANEL * PANEL * pairs_of(k) * 2;
}

static size_t block_of(size_t rows, size_t k) {
  const size_t tiles = BLOCK_PAIRS / TILE / (pairs_of(k) + 1) + 1;
  return mng_min((rows + TILE - 1) / TILE, tiles) * TILE;
}

size_t mng_gemm_bf16_scratch(size_t rows, size_t k) {
  return block_of(rows, k) * pairs_of(k) * sizeof(uint32_t);
}

MNG_INLINE uint32_t pair_of(float low, float high) {
  return (uint32_t)to_bf16(low) | (uint32_t)to_bf16(high) << 16;
}

/// Pairs of one panel's columns, `column_stride` floats apart, `k_stride` from one k to the next.
MNG_INLINE void mng_gemm_bf16_pack_panel_body(const float *from, size_t column_stride,
                                              size_t k_stride, size_t k, size_t columns,
                                              const float *scale, uint32_t *to) {
  for (size_t p = 0; p < pairs_of(k); p++, to += PANEL) {
    const float *low = from + 2 * p * k_stride;
    const bool has_high = 2 * p + 1 < k;
    const float *high = has_high ? low + k_stride : low;
    for (size_t j = 0; j < columns; j++) {
      const float factor = scale ? scale[j] : 1;
      to[j] = pair_of(low[j * column_stride] * factor,
                      has_high ? high[j * column_stride] * factor : 0);
    }
    for (size_t j = columns; j < PANEL; j++) to[j] = 0;
  }
}

/// The same where numbers of a column lie side by side: column after column, through a small
/// square that stays in registers and the first cache level.
MNG_INLINE void mng_gemm_bf16_pack_columns_body(const float *from, size_t column_stride, size_t k,
                                                size_t columns, const float *scale, uint32_t *to) {
  enum { SIDE = 16 };
  const size_t pairs = pairs_of(k), whole = k / 2 / SIDE * SIDE;
  for (size_t begin = 0; begin < whole; begin += SIDE) {
    uint32_t square[PANEL][SIDE];
    for (size_t j = 0; j < PANEL; j++) {
      if (j >= columns) {
        memset(square[j], 0, sizeof square[j]);
        continue;
      }
      const float *column = from + j * column_stride + 2 * begin;
      const float factor = scale ? scale[j] : 1;
      for (size_t p = 0; p < SIDE; p++)
        square[j][p] = pair_of(column[2 * p] * factor, column[2 * p + 1] * factor);
    }
    for (size_t p = 0; p < SIDE; p++)
      for (size_t j = 0; j < PANEL; j++) to[(begin + p) * PANEL + j] = square[j][p];
  }
  for (size_t p = whole; p < pairs; p++) {
    for (size_t j = 0; j < PANEL; j++) {
      const float *column = from + j * column_stride + 2 * p;
      const float factor = j < columns && scale ? scale[j] : 1;
      to[p * PANEL + j] =
          j < columns ? pair_of(column[0] * factor, 2 * p + 1 < k ? column[1] * factor : 0) : 0;
    }
  }
}

/// Rows of a tile, their pairs after each other for each pair of k.
MNG_INLINE void mng_gemm_bf16_pack_rows_body(const float *a, size_t row_stride, size_t k_stride,
                                             size_t k, size_t count, uint32_t *to) {
  const size_t pairs = pairs_of(k), whole = k / 2;
  if (k_stride == 1) {
    for (size_t i = 0; i < count; i++) {
      const float *row = a + i * row_stride;
      for (size_t p = 0; p < whole; p++) to[p * count + i] = pair_of(row[2 * p], row[2 * p + 1]);
      if (whole < pairs) to[whole * count + i] = pair_of(row[k - 1], 0);
    }
    return;
  }
  for (size_t p = 0; p < pairs; p++) {
    const float *low = a + 2 * p * k_stride, *high = low + k_stride;
    for (size_t i = 0; i < count; i++)
      to[p * count + i] = pair_of(low[i * row_stride], p < whole ? high[i * row_stride] : 0);
  }
}

/// Four rows at a time share what they read of the panel.
MNG_INLINE void mng_gemm_bf16_tile_plain_body(const uint32_t *a, size_t count, size_t pairs,
                                              const uint16_t *b, bool adds, float *y,
                                              size_t y_stride, size_t columns) {
  enum { ROWS = 4 };
  for (size_t row = 0; row < count; row += ROWS) {
    const size_t rows = mng_min(ROWS, count - row);
    float sums[ROWS][PANEL];
    memset(sums, 0, sizeof sums);
    for (size_t p = 0; p < pairs; p++) {
      uint32_t both[PANEL];
      memcpy(both, b + p * 2 * PANEL, sizeof both);
      for (size_t i = 0; i < rows; i++) {
        const uint32_t x = a[p * count + row + i];
        const float low = float_of_bits(x << 16), high = float_of_bits(x & 0xFFFF0000u);
        for (size_t j = 0; j < PANEL; j++)
          sums[i][j] += low * float_of_bits(both[j] << 16) +
                        high * float_of_bits(both[j] & 0xFFFF0000u);
      }
    }
    for (size_t i = 0; i < rows; i++) {
      float *out = y + (row + i) * y_stride;
      for (size_t j = 0; j < columns; j++) out[j] = adds ? out[j] + sums[i][j] : sums[i][j];
    }
  }
}

MNG_VARIANTS(mng_gemm_bf16_pack_panel,
             (const float *from, size_t column_stride, size_t k_stride, size_t k, size_t columns,
              const float *scale, uint32_t *to),
             (from, column_stride, k_stride, k, columns, scale, to))

MNG_VARIANTS(mng_gemm_bf16_pack_columns,
             (const float *from, size_t column_stride, size_t k, size_t columns,
              const float *scale, uint32_t *to),
             (from, column_stride, k, columns, scale, to))

MNG_VARIANTS(mng_gemm_bf16_pack_rows,
             (const float *a, size_t row_stride, size_t k_stride, size_t k, size_t count,
              uint32_t *to),
             (a, row_stride, k_stride, k, count, to))

MNG_VARIANTS(mng_gemm_bf16_tile_plain,
             (const uint32_t *a, size_t count, size_t pairs, const uint16_t *b, bool adds,
              float *y, size_t y_stride, size_t columns),
             (a, count, pairs, b, adds, y, y_stride, columns))

void mng_gemm_bf16_pack(const mng_weight_f32 *weight, uint16_t *packed, size_t panel_begin,
                        size_t panel_end) {
  const size_t k = weight->inputs;
  const size_t column_stride = (size_t)weight->output_stride;
  const size_t k_stride = (size_t)weight->input_stride;
  for (size_t panel = panel_begin; panel < panel_end; panel++) {
    const size_t column = panel * PANEL, columns = mng_min(PANEL, weight->outputs - column);
    const float *from = weight->values + column * column_stride;
    const float *scale = weight->scale ? weight->scale + column : NULL;
    uint32_t *to = (uint32_t *)packed + column * pairs_of(k);
    if (k_stride == 1) {
      mng_gemm_bf16_pack_columns(from, column_stride, k, columns, scale, to);
    } else {
      mng_gemm_bf16_pack_panel(from, column_stride, k_stride, k, columns, scale, to);
    }
  }
}

void mng_gemm_bf16(const float *a, size_t row_stride, size_t k_stride, size_t k,
                   const uint16_t *packed, size_t n, bool adds, float *y, size_t y_stride,
                   size_t row_begin, size_t row_end, size_t panel_begin, size_t panel_end,
                   void *scratch) {
  mng_gemm_bf16_tile *tile = mng_gemm_bf16_tile_plain;
#if defined(__x86_64__)
  if (mng_gemm_bf16_is_fast()) tile = mng_gemm_bf16_tile_avx512;
#endif
  const size_t pairs = pairs_of(k), block = block_of(row_end - row_begin, k);
  uint32_t *rows = scratch;
  for (size_t begin = row_begin; begin < row_end; begin += block) {
    const size_t end = mng_min(begin + block, row_end);
    for (size_t row = begin; row < end; row += TILE)
      mng_gemm_bf16_pack_rows(a + row * row_stride, row_stride, k_stride, k,
                              mng_min(TILE, end - row), rows + (row - begin) * pairs);
    for (size_t panel = panel_begin; panel < panel_end; panel++) {
      const size_t column = panel * PANEL, columns = mng_min(PANEL, n - column);
      for (size_t row = begin; row < end; row += TILE)
        tile(rows + (row - begin) * pairs, mng_min(TILE, end - row), pairs,
             packed + column * pairs * 2, adds, y + row * y_stride + column, y_stride, columns);
    }
  }
}
