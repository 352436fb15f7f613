#include "attention_f32.h"

#include <math.h>
#include <stdbool.h>

#include "lanes.h"
#include "math_f32.h"
#include "rows_f32.h"

// Defined by MNG_VARIANTS below; for this file alone.
void mng_attention_f32_shares(float *s, size_t begin, size_t end, float softcap, const float *mask,
                              size_t mask_key, float *sum);
void mng_attention_f32_block_shares(const mng_attention_f32 *a, size_t head, size_t begin,
                                    size_t rows, size_t low, size_t high, float *s, size_t stride,
                                    float *factors);
void mng_attention_f32_scale_rows(float *y, size_t stride, size_t rows, size_t count,
                                  const float *factors);
void mng_attention_f32_dots(const float *q, const float *k, size_t k_row, size_t size, size_t begin,
                            size_t end, float *s);
void mng_attention_f32_mix(const float *s, const float *v, size_t v_row, size_t width, size_t begin,
                           size_t end, float factor, float *y);

enum {
  FEW = 4,  // queries below which keys and values are read where they lie, not packed first
  SCORE_FLOATS = 4 * 1024,  // of a block of scores, which stay in the first cache level
};

/// Whole tiles that are about equally high, as many as let their scores stay in the caches.
static size_t block_rows(mng_isa isa, const mng_attention_f32 *a) {
  const size_t tile = mng_gemm_f32_tile_rows(isa);
  const size_t tiles = (a->queries + tile - 1) / tile, height = (a->queries + tiles - 1) / tiles;
  const size_t together = SCORE_FLOATS / score_stride(a) / height;
  return height * (together == 0 ? 1 : together);
}

static const float *mask_of(const mng_attention_f32 *a, size_t head, size_t i) {
  return a->mask ? a->mask + head * a->mask_head + i * a->mask_row : NULL;
}

/// Drops shares of query i for the keys `[begin, end)`.
static void drop_shares(const mng_attention_f32 *a, size_t head, size_t i, size_t begin, size_t end,
                        float *s) {
  if (a->dropout.threshold == 0 || begin >= end) return;
  const uint64_t row = a->dropout_row + head * a->queries + i;
  mng_dropout_f32(&a->dropout, row * a->dropout_stride + begin, end - begin, s + begin, s + begin);
}

// MARK: softmax of a row of scores

MNG_INLINE int has_nan(const float *x, size_t count) {
  int found = 0;
  for (size_t i = 0; i < count; i++) found |= x[i] != x[i];
  return found;
}

/// Scores of the keys `[begin, end)`, bounded and masked; the largest is the result.
MNG_INLINE float prepared_scores(float *s, size_t begin, size_t end, float softcap,
                                 const float *mask, size_t mask_key) {
  float *x = s + begin;
  const size_t count = end - begin;
  if (softcap > 0) {
    const float inverse = 1 / softcap;
    LOOP_IN_PLACE
    for (size_t j = 0; j < count; j++) x[j] = softcap * m_tanh(x[j] * inverse);
  }
  if (mask && mask_key == 1) {
    const float *m = mask + begin;
    // What is masked out takes no part, even if its score is infinite.
    LOOP_IN_PLACE
    for (size_t j = 0; j < count; j++) x[j] = m[j] == -INFINITY ? -INFINITY : x[j] + m[j];
  } else if (mask) {
    const float m = mask[0];
    LOOP_IN_PLACE
    for (size_t j = 0; j < count; j++) x[j] = m == -INFINITY ? -INFINITY : x[j] + m;
  }
  return max_of_row(x, count);
}

/// They become shares that are yet to be divided by their sum, which is the result.
MNG_INLINE float shares_of_scores(float *s, size_t begin, size_t end, float max) {
  float *x = s + begin;
  const size_t count = end - begin;
  if (max == -INFINITY && !has_nan(x, count)) {
    memset(x, 0, count * sizeof *x);
    return 0;
  }
  return sum_of_exponentials(x, count, max, x);
}

MNG_INLINE void mng_attention_f32_shares_body(float *s, size_t begin, size_t end, float softcap,
                                              const float *mask, size_t mask_key, float *sum) {
  const float max = prepared_scores(s, begin, end, softcap, mask, mask_key);
  *sum = shares_of_scores(s, begin, end, max);
}

MNG_VARIANTS(mng_attention_f32_shares,
             (float *s, size_t begin, size_t end, float softcap, const float *mask,
              size_t mask_key, float *sum),
             (s, begin, end, softcap, mask, mask_key, sum))

// MARK: few queries

/// The sums of the 16 lanes of each of four vectors.
#define SUMS_OF_FOUR(a, b, c, d)                                                               \
  ({                                                                                           \
    const mng_f32x16 ab_ = LOW_OF(a, b) + HIGH_OF(a, b), cd_ = LOW_OF(c, d) + HIGH_OF(c, d);   \
    const mng_f32x16 all_ = __builtin_shufflevector(ab_, cd_, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, \
                                                    24, 25, 12, 13, 28, 29) +                  \
                            __builtin_shufflevector(ab_, cd_, 2, 3, 18, 19, 6, 7, 22, 23, 10,  \
                                                    11, 26, 27, 14, 15, 30, 31);               \
    const mng_f32x8 half_ = __builtin_shufflevector(all_, all_, 0, 1, 2, 3, 4, 5, 6, 7) +      \
                            __builtin_shufflevector(all_, all_, 8, 9, 10, 11, 12, 13, 14, 15); \
    __builtin_shufflevector(half_, half_, 0, 1, 2, 3) +                                        \
        __builtin_shufflevector(half_, half_, 4, 5, 6, 7);                                     \
  })
// Of each four lanes the first two, or the last two, of both vectors in turn.
#define LOW_OF(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH_OF(a, b) \
  __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)

/// `s[j] = q · k[j]` for the keys `[begin, end)`, four at a time.
MNG_INLINE void mng_attention_f32_dots_body(const float *q, const float *k, size_t k_row,
                                            size_t size, size_t begin, size_t end, float *s) {
  const size_t whole = size / LANES * LANES;
  for (size_t j = begin; j < end; j += 4) {
    // Beyond the last key is the last one again, so that each sum has the same order.
    const float *rows[4];
    for (size_t i = 0; i < 4; i++) rows[i] = k + mng_min(j + i, end - 1) * k_row;
    mng_f32x16 a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t at = 0; at < whole; at += LANES) {
      const mng_f32x16 own = MNG_READ(mng_f32x16, q + at);
      a += own * MNG_READ(mng_f32x16, rows[0] + at);
      b += own * MNG_READ(mng_f32x16, rows[1] + at);
      c += own * MNG_READ(mng_f32x16, rows[2] + at);
      d += own * MNG_READ(mng_f32x16, rows[3] + at);
    }
    const mng_f32x4 sums = SUMS_OF_FOUR(a, b, c, d);
    for (size_t i = 0; i < 4 && j + i < end; i++) {
      float sum = sums[i];
      for (size_t at = whole; at < size; at++) sum += q[at] * rows[i][at];
      s[j + i] = sum;
    }
  }
}

MNG_VARIANTS(mng_attention_f32_dots,
             (const float *q, const float *k, size_t k_row, size_t size, size_t begin, size_t end,
              float *s),
             (q, k, k_row, size, begin, end, s))

/// `y = factor * sum over the keys [begin, end) of s[j] * v[j]`.
MNG_INLINE void mng_attention_f32_mix_body(const float *s, const float *v, size_t v_row,
                                           size_t width, size_t begin, size_t end, float factor,
                                           float *y) {
  size_t d = 0;
  for (; d + 4 * LANES <= width; d += 4 * LANES) {
    mng_f32x16 a0 = {0}, a1 = {0}, a2 = {0}, a3 = {0};
    for (size_t j = begin; j < end; j++) {
      const float *row = v + j * v_row + d;
      a0 += s[j] * MNG_READ(mng_f32x16, row);
      a1 += s[j] * MNG_READ(mng_f32x16, row + LANES);
      a2 += s[j] * MNG_READ(mng_f32x16, row + 2 * LANES);
      a3 += s[j] * MNG_READ(mng_f32x16, row + 3 * LANES);
    }
    MNG_AT(mng_f32x16, y + d) = a0 * factor;
    MNG_AT(mng_f32x16, y + d + LANES) = a1 * factor;
    MNG_AT(mng_f32x16, y + d + 2 * LANES) = a2 * factor;
    MNG_AT(mng_f32x16, y + d + 3 * LANES) = a3 * factor;
  }
  for (; d + LANES <= width; d += LANES) {
    mng_f32x16 sum = {0};
    for (size_t j = begin; j < end; j++) sum += s[j] * MNG_READ(mng_f32x16, v + j * v_row + d);
    MNG_AT(mng_f32x16, y + d) = sum * factor;
  }
  for (; d < width; d++) {
    float sum = 0;
    for (size_t j = begin; j < end; j++) sum += s[j] * v[j * v_row + d];
    y[d] = sum * factor;
  }
}

MNG_VARIANTS(mng_attention_f32_mix,
             (const float *s, const float *v, size_t v_row, size_t width, size_t begin, size_t end,
              float factor, float *y),
             (s, v, v_row, width, begin, end, factor, y))

static void few_rows(const mng_attention_f32 *a, size_t begin, size_t end, float *scratch) {
  float *q = scratch, *s = scratch + rounded(a->size);
  for (size_t h = 0; h < a->heads; h++) {
    for (size_t i = begin; i < end; i++) {
      const span keys = keys_of(a, i);
      const float *from = a->q + h * a->q_head + i * a->q_row;
      for (size_t d = 0; d < a->size; d++) q[d] = from[d] * a->scale;
      float sum = 0;
      mng_attention_f32_dots(q, a->k, a->k_row, a->size, keys.begin, keys.end, s);
      if (keys.begin < keys.end)
        mng_attention_f32_shares(s, keys.begin, keys.end, a->softcap, mask_of(a, h, i),
                                 a->mask_key, &sum);
      drop_shares(a, h, i, keys.begin, keys.end, s);
      // Without a key that counts there is nothing to add up.
      const size_t last = sum == 0 ? keys.begin : keys.end;
      mng_attention_f32_mix(s, a->v, a->v_row, a->width, keys.begin, last, sum == 0 ? 0 : 1 / sum,
                            a->y + h * a->y_head + i * a->y_row);
    }
  }
}

// MARK: many queries

typedef struct workspace {
  float *keys, *values, *scores, *factors;
  void *gemm;
} workspace;

/// Softmax of a block's rows; of the columns `[low, high)`, those that a row may not look at become
/// zero. What the shares are yet to be multiplied by is in `factors`.
MNG_INLINE void mng_attention_f32_block_shares_body(const mng_attention_f32 *a, size_t head,
                                                    size_t begin, size_t rows, size_t low,
                                                    size_t high, float *s, size_t stride,
                                                    float *factors) {
  // All rows' largest first: of one row alone, each number waits for the one before.
  for (size_t i = 0; i < rows; i++) {
    const span keys = keys_of(a, begin + i);
    factors[i] = keys.begin == keys.end
                     ? 0
                     : prepared_scores(s + i * stride, keys.begin, keys.end, a->softcap,
                                       mask_of(a, head, begin + i), a->mask_key);
  }
  for (size_t i = 0; i < rows; i++, s += stride) {
    const span keys = keys_of(a, begin + i);
    const bool is_empty = keys.begin == keys.end;
    const float sum = is_empty ? 0 : shares_of_scores(s, keys.begin, keys.end, factors[i]);
    factors[i] = sum == 0 ? 0 : 1 / sum;
    // Of an empty span, all is zero; its place may lie outside of the block's.
    const size_t from = is_empty ? high : keys.begin;
    for (size_t j = low; j < from; j++) s[j] = 0;
    if (keys.end > from)
      for (size_t j = keys.end; j < high; j++) s[j] = 0;
  }
}

MNG_VARIANTS(mng_attention_f32_block_shares,
             (const mng_attention_f32 *a, size_t head, size_t begin, size_t rows, size_t low,
              size_t high, float *s, size_t stride, float *factors),
             (a, head, begin, rows, low, high, s, stride, factors))

MNG_INLINE void mng_attention_f32_scale_rows_body(float *y, size_t stride, size_t rows,
                                                  size_t count, const float *factors) {
  for (size_t i = 0; i < rows; i++, y += stride) {
    const float factor = factors[i];
    LOOP_IN_PLACE
    for (size_t j = 0; j < count; j++) y[j] = y[j] * factor;
  }
}

MNG_VARIANTS(mng_attention_f32_scale_rows,
             (float *y, size_t stride, size_t rows, size_t count, const float *factors),
             (y, stride, rows, count, factors))

/// Queries `[begin, end)` of one head, which are one block.
static void block(mng_isa isa, const mng_attention_f32 *a, size_t head, size_t begin, size_t end,
                  const workspace *w) {
  const size_t stride = score_stride(a), rows = end - begin;
  const span keys = keys_of_block(a, begin, end, mng_gemm_f32_panel(isa));
  float *y = a->y + head * a->y_head + begin * a->y_row;
  if (keys.begin >= keys.end) {
    for (size_t i = 0; i < rows; i++) memset(y + i * a->y_row, 0, a->width * sizeof *y);
    return;
  }
  scores_of_keys(isa, a->q + head * a->q_head + begin * a->q_row, a->q_row, rows, a->size, w->keys,
                 a->keys, keys, w->scores, stride, w->gemm);
  mng_attention_f32_block_shares(a, head, begin, rows, keys.begin, keys.end, w->scores, stride,
                                 w->factors);
  for (size_t i = 0; i < rows; i++)
    drop_shares(a, head, begin + i, keys.begin, keys.end, w->scores + i * stride);
  mix_of_keys(isa, w->scores, stride, rows, w->values, a->keys, a->width, keys, y, a->y_row,
              w->gemm);
  mng_attention_f32_scale_rows(y, a->y_row, rows, a->width, w->factors);
}

/// Values of the keys `[begin, end)` as `mng_gemm_f32` wants a matrix `[keys, width]`.
static void pack_values(const mng_attention_f32 *a, size_t panel, size_t begin, size_t end,
                        float *packed) {
  for (size_t column = 0; column < a->width; column += panel) {
    const size_t columns = mng_min(panel, a->width - column);
    const size_t stored = columns <= panel / 2 ? panel / 2 : panel;
    float *to = packed + column * a->keys + begin * stored;
    const float *from = a->v + begin * a->v_row + column;
    for (size_t j = begin; j < end; j++, to += stored, from += a->v_row) {
      size_t i = 0;
      for (; i + LINE <= columns; i += LINE) memcpy(to + i, from + i, LINE * sizeof *to);
      for (; i < columns; i++) to[i] = from[i];
      for (; i < stored; i++) to[i] = 0;
    }
  }
}

/// The keys up to the last that a mask for all queries leaves, if there is such a mask; without it
/// when it changes nothing of those.
static mng_attention_f32 without_masked_end(const mng_attention_f32 *given) {
  mng_attention_f32 a = *given;
  const bool is_shared = a.mask && a.mask_row == 0 && (a.mask_head == 0 || a.heads == 1);
  if (!is_shared || a.mask_key != 1) return a;
  while (a.keys > 0 && a.mask[a.keys - 1] == -INFINITY) a.keys--;
  bool is_zero = true;
  for (size_t j = 0; j < a.keys; j++) is_zero &= a.mask[j] == 0;
  if (is_zero) a.mask = NULL;
  return a;
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

size_t mng_attention_f32_scratch(mng_isa isa, const mng_attention_f32 *a) {
  if (a->queries < FEW) return (rounded(a->size) + rounded(a->keys)) * sizeof(float);
  const size_t rows = block_rows(isa, a);
  const size_t floats = rounded(mng_gemm_f32_packed_count(isa, a->size, a->keys)) +
                        rounded(mng_gemm_f32_packed_count(isa, a->keys, a->width)) +
                        rows * score_stride(a) + rounded(rows) + rounded(a->keys);
  return floats * sizeof(float) + larger(mng_gemm_f32_scratch(rows, a->size),
                                         mng_gemm_f32_scratch(rows, a->keys));
}

void mng_attention_f32_rows(mng_isa isa, const mng_attention_f32 *given, size_t begin, size_t end,
                            void *scratch) {
  if (begin >= end || given->heads == 0) return;
  const mng_attention_f32 trimmed = without_masked_end(given), *const a = &trimmed;
  if (a->queries < FEW) {
    few_rows(a, begin, end, scratch);
    return;
  }
  const size_t step = block_rows(isa, a);
  float *floats = scratch;
  workspace w;
  w.keys = floats;
  w.values = w.keys + rounded(mng_gemm_f32_packed_count(isa, a->size, a->keys));
  w.scores = w.values + rounded(mng_gemm_f32_packed_count(isa, a->keys, a->width));
  w.factors = w.scores + step * score_stride(a);
  float *scales = w.factors + rounded(step);
  w.gemm = scales + rounded(a->keys);
  // Only what some query of the range looks at.
  const size_t panel = mng_gemm_f32_panel(isa);
  const size_t low = keys_of(a, begin).begin / panel, high = keys_of(a, end - 1).end;
  for (size_t j = 0; j < a->keys; j++) scales[j] = a->scale;
  const mng_weight_f32 keys = {a->k, a->keys, a->size, 1, 1, (ptrdiff_t)a->k_row, 1, 0, 0, scales};
  mng_gemm_f32_pack(isa, &keys, w.keys, low, (high + panel - 1) / panel);
  pack_values(a, panel, keys_of(a, begin).begin / panel * panel, high, w.values);
  for (size_t h = 0; h < a->heads; h++)
    for (size_t i = begin; i < end; i += step) block(isa, a, h, i, mng_min(i + step, end), &w);
}
