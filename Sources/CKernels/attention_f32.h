// Internal: what attention and its gradient share: keys that queries may look at, and products over a range of them.
#ifndef MNG_ATTENTION_F32_INTERNAL_H
#define MNG_ATTENTION_F32_INTERNAL_H

#include <math.h>

#include "gemm_f32.h"
#include "lanes.h"
#include "mng_attention_f32.h"

enum { LINE = 16 };

/// Keys `[begin, end)`.
typedef struct span {
  size_t begin, end;
} span;

/// Those that query `i` may look at.
static inline span keys_of(const mng_attention_f32 *a, size_t i) {
  const ptrdiff_t position = a->before + (ptrdiff_t)i;
  const ptrdiff_t first = position - (ptrdiff_t)a->left;
  const ptrdiff_t last = position + (ptrdiff_t)a->right + 1;
  span keys = {first < 0 ? 0 : (size_t)first, last < 0 ? 0 : mng_min((size_t)last, a->keys)};
  if (keys.begin > keys.end) keys.begin = keys.end;
  return keys;
}

/// Those that any of the queries `[begin, end)` may look at, from the beginning of a panel on; none where `end` is not behind
/// `begin`.
static inline span keys_of_block(const mng_attention_f32 *a, size_t begin, size_t end,
                                 size_t panel) {
  return (span){keys_of(a, begin).begin / panel * panel, keys_of(a, end - 1).end};
}

static inline size_t rounded(size_t floats) { return (floats + LINE - 1) / LINE * LINE; }

/// Floats from a row of scores to the next: no power of two, which would alias in the caches.
static inline size_t score_stride(const mng_attention_f32 *a) { return rounded(a->keys) + LINE; }

/// What a block's rows, `[rows, size]`, give with the packed columns of those keys, of all `count`: row `i` of the scores is at
/// `scores + i * stride`, a score at the place of its key.
static inline void scores_of_keys(mng_isa isa, const float *x, size_t x_row, size_t rows,
                                  size_t size, const float *packed, size_t count, span keys,
                                  float *scores, size_t stride, void *scratch) {
  const mng_epilogue_f32 plain = {.minimum = -INFINITY, .maximum = INFINITY};
  const size_t panel = mng_gemm_f32_panel(isa);
  mng_gemm_f32(isa, x, x_row, size, packed, count, scores, stride, 0, rows, keys.begin / panel,
               (keys.end + panel - 1) / panel, &plain, scratch);
}

/// What a block's scores give with the rows of those keys, of `[count, columns]` packed.
static inline void mix_of_keys(mng_isa isa, const float *scores, size_t stride, size_t rows,
                               const float *packed, size_t count, size_t columns, span keys,
                               float *y, size_t y_row, void *scratch) {
  const mng_epilogue_f32 plain = {.minimum = -INFINITY, .maximum = INFINITY};
  const size_t panel = mng_gemm_f32_panel(isa);
  for (size_t column = 0; column < columns; column += panel) {
    const size_t part = mng_min(panel, columns - column);
    const size_t stored = mng_gemm_f32_last_width(panel, part);
    mng_gemm_f32(isa, scores + keys.begin, stride, keys.end - keys.begin,
                 packed + column * count + keys.begin * stored, part, y + column, y_row, 0, rows,
                 0, 1, &plain, scratch);
  }
}

#endif
