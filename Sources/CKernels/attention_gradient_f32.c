#include "mng_attention_gradient_f32.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "attention_f32.h"
#include "lanes.h"
#include "mng_gemm_across_f32.h"
#include "rows_f32.h"

enum {
  QUERIES = 126,  // of a block, whose scores stay in the second cache level
  FEW_QUERIES = 32,  // of a block where each has keys of its own: it is computed for those that any of them has
};

// Defined by MNG_VARIANTS below; for this file alone.
void mng_attention_gradient_f32_row(float *p, float *t, size_t first, size_t begin, size_t end,
                                    size_t last, const float *mask, size_t mask_key, float scale);

/// Scores become shares, and what flows to shares what flows to scores: of keys `begin` to `end`; those from `first` and
/// those to `last` have no share.
MNG_INLINE void mng_attention_gradient_f32_row_body(float *p, float *t, size_t first, size_t begin,
                                                    size_t end, size_t last, const float *mask,
                                                    size_t mask_key, float scale) {
  memset(p + first, 0, (begin - first) * sizeof *p);
  memset(t + first, 0, (begin - first) * sizeof *t);
  memset(p + end, 0, (last - end) * sizeof *p);
  memset(t + end, 0, (last - end) * sizeof *t);
  p += begin;
  t += begin;
  const size_t count = end - begin;
  if (mask) {
    const float *m = mask + begin * mask_key;
    if (mask_key) {
      LOOP_IN_PLACE
      for (size_t j = 0; j < count; j++)
        p[j] = m[j] == -INFINITY ? -INFINITY : p[j] * scale + m[j];
    } else {
      LOOP_IN_PLACE
      for (size_t j = 0; j < count; j++)
        p[j] = m[0] == -INFINITY ? -INFINITY : p[j] * scale + m[0];
    }
  } else {
    LOOP_IN_PLACE
    for (size_t j = 0; j < count; j++) p[j] *= scale;
  }
  const float max = max_of_row(p, count);
  if (max == -INFINITY) {
    memset(p, 0, count * sizeof *p);
    memset(t, 0, count * sizeof *t);
    return;
  }
  const float inverse = 1 / sum_of_exponentials(p, count, max, p);
  mng_f32x16 sums = {0};
  size_t j = 0;
  for (; j + LANES <= count; j += LANES) {
    const mng_f32x16 share = MNG_READ(mng_f32x16, p + j) * inverse;
    MNG_AT(mng_f32x16, p + j) = share;
    sums += share * MNG_READ(mng_f32x16, t + j);
  }
  float lanes[LANES];
  memcpy(lanes, &sums, sizeof lanes);
  for (int lane = 0; j < count; j++, lane++) {
    p[j] *= inverse;
    lanes[lane] += p[j] * t[j];
  }
  const float total = sum_of_lanes(lanes);
  LOOP_IN_PLACE
  for (size_t i = 0; i < count; i++) t[i] = p[i] * (t[i] - total) * scale;
}

MNG_VARIANTS(mng_attention_gradient_f32_row,
             (float *p, float *t, size_t first, size_t begin, size_t end, size_t last,
              const float *mask, size_t mask_key, float scale),
             (p, t, first, begin, end, last, mask, mask_key, scale))

/// Queries of a block: as many in each, about.
static size_t rows_of(const mng_attention_f32 *a) {
  const span first = keys_of(a, 0), last = keys_of(a, a->queries - 1);
  const bool all = first.end == a->keys && last.begin == 0;
  const size_t most = all ? QUERIES : FEW_QUERIES, blocks = (a->queries + most - 1) / most;
  return (a->queries + blocks - 1) / blocks;
}

/// The parts of the scratch.
typedef struct parts {
  float *keys_turned, *values_turned, *keys, *queries, *flow, *shares, *moved, *gemm;
  size_t bytes;
} parts;

static parts parts_of(mng_isa isa, const mng_attention_f32 *a, float *base) {
  parts p = {0};
  size_t floats = 0;
  const size_t rows = rows_of(a), stride = score_stride(a);
#define PART(name, count) \
  p.name = base + floats; \
  floats += rounded(count);
  PART(keys_turned, mng_gemm_f32_packed_count(isa, a->size, a->keys))
  PART(values_turned, mng_gemm_f32_packed_count(isa, a->width, a->keys))
  PART(keys, mng_gemm_f32_packed_count(isa, a->keys, a->size))
  PART(queries, mng_gemm_f32_packed_count(isa, rows, a->size))
  PART(flow, mng_gemm_f32_packed_count(isa, rows, a->width))
  PART(shares, rows * stride)
  PART(moved, rows * stride)
#undef PART
  p.gemm = base + floats;
  size_t more = mng_gemm_f32_across_scratch(isa, rows);
  const size_t depths[] = {a->size, a->width, a->keys};
  for (int i = 0; i < 3; i++) {
    const size_t bytes = mng_gemm_f32_scratch(rows, depths[i]);
    more = bytes > more ? bytes : more;
  }
  p.bytes = floats * sizeof(float) + more;
  return p;
}

size_t mng_attention_gradient_f32_scratch(mng_isa isa, const mng_attention_gradient_f32 *work) {
  float none;
  return parts_of(isa, &work->forward, &none).bytes;
}

static size_t panels_of(mng_isa isa, size_t columns) {
  const size_t panel = mng_gemm_f32_panel(isa);
  return (columns + panel - 1) / panel;
}

/// Packs a matrix `[k, n]` under any strides.
static void pack(mng_isa isa, const float *values, size_t k, size_t k_stride, size_t n,
                 size_t n_stride, float *packed) {
  const mng_weight_f32 weight = {values, n, k, 1, 1, (ptrdiff_t)n_stride, (ptrdiff_t)k_stride,
                                 0,      0, NULL};
  mng_gemm_f32_pack(isa, &weight, packed, 0, panels_of(isa, n));
}

/// `y += aᵀ b` over `k` rows of both.
static void multiply_across(mng_isa isa, const float *a, size_t a_stride, size_t rows, size_t k,
                            const float *packed, size_t n, float *y, size_t y_stride,
                            float *scratch) {
  mng_gemm_f32_across(isa, a, a_stride, rows, k, packed, 0, n, true, y, y_stride, 0,
                      mng_gemm_f32_across_tiles(isa, 1, rows), 0, panels_of(isa, n), scratch);
}

static void fill_with_zeros(float *y, size_t rows, size_t columns, size_t stride) {
  for (size_t i = 0; i < rows; i++) memset(y + i * stride, 0, columns * sizeof *y);
}

void mng_attention_gradient_f32_heads(mng_isa isa, const mng_attention_gradient_f32 *work,
                                      void *scratch) {
  const mng_attention_gradient_f32 g = *work;
  const mng_attention_f32 a = g.forward;
  const parts p = parts_of(isa, &a, scratch);
  const size_t stride = score_stride(&a);
  const size_t most = rows_of(&a);
  pack(isa, a.k, a.size, 1, a.keys, a.k_row, p.keys_turned);
  pack(isa, a.v, a.width, 1, a.keys, a.v_row, p.values_turned);
  pack(isa, a.k, a.keys, a.k_row, a.size, 1, p.keys);
  fill_with_zeros(g.dk, a.keys, a.size, g.dk_row);
  fill_with_zeros(g.dv, a.keys, a.width, g.dv_row);
  for (size_t head = 0; head < a.heads; head++) {
    for (size_t begin = 0; begin < a.queries; begin += most) {
      const size_t rows = mng_min(most, a.queries - begin);
      const float *q = a.q + head * a.q_head + begin * a.q_row;
      const float *flow = g.flow + head * g.flow_head + begin * g.flow_row;
      float *dq = g.dq + head * g.dq_head + begin * g.dq_row;
      const span keys = keys_of_block(&a, begin, begin + rows, mng_gemm_f32_panel(isa));
      if (keys.begin >= keys.end) {
        fill_with_zeros(dq, rows, a.size, g.dq_row);
        continue;
      }
      scores_of_keys(isa, q, a.q_row, rows, a.size, p.keys_turned, a.keys, keys, p.shares, stride,
                     p.gemm);
      scores_of_keys(isa, flow, g.flow_row, rows, a.width, p.values_turned, a.keys, keys, p.moved,
                     stride, p.gemm);
      for (size_t i = 0; i < rows; i++) {
        const span own = keys_of(&a, begin + i);
        const float *mask =
            a.mask ? a.mask + head * a.mask_head + (begin + i) * a.mask_row : NULL;
        float *shares = p.shares + i * stride, *moved = p.moved + i * stride;
        const uint64_t row = a.dropout_row + head * a.queries + begin + i;
        const uint64_t place = row * a.dropout_stride + own.begin;
        const size_t count = own.end - own.begin;
        const bool drops = a.dropout.threshold > 0 && count > 0;
        if (drops)
          mng_dropout_f32(&a.dropout, place, count, moved + own.begin, moved + own.begin);
        mng_attention_gradient_f32_row(shares, moved, keys.begin, own.begin, own.end, keys.end,
                                       mask, a.mask_key, a.scale);
        if (drops)
          mng_dropout_f32(&a.dropout, place, count, shares + own.begin, shares + own.begin);
      }
      const float *shares = p.shares + keys.begin, *moved = p.moved + keys.begin;
      const size_t count = keys.end - keys.begin;
      mix_of_keys(isa, p.moved, stride, rows, p.keys, a.keys, a.size, keys, dq, g.dq_row, p.gemm);
      pack(isa, flow, rows, g.flow_row, a.width, 1, p.flow);
      multiply_across(isa, shares, stride, count, rows, p.flow, a.width,
                      g.dv + keys.begin * g.dv_row, g.dv_row, p.gemm);
      pack(isa, q, rows, a.q_row, a.size, 1, p.queries);
      multiply_across(isa, moved, stride, count, rows, p.queries, a.size,
                      g.dk + keys.begin * g.dk_row, g.dk_row, p.gemm);
    }
  }
}
