#ifndef MNG_ATTENTION_F32_H
#define MNG_ATTENTION_F32_H

#include <stddef.h>

#include "mng_dropout_f32.h"
#include "mng_isa.h"

/// Attention of the heads of queries that share one head of keys and values:
/// `y[h, i] = sum over j of softmax(softcap(q[h, i] · k[j] * scale) + mask[h, i, j]) * v[j]`.
///
/// Query i is at the position `before + i`, key j at j; keys from `position - left` to `position +
/// right` take part, as far as there are keys. A query that none is left for gives zeros. Strides
/// are in floats; the innermost axes are dense.
typedef struct mng_attention_f32 {
  size_t heads, queries, keys;
  size_t size;   ///< features of a query and of a key
  size_t width;  ///< features of a value and of the result
  const float *q;
  size_t q_head, q_row;
  const float *k;
  size_t k_row;
  const float *v;
  size_t v_row;
  float *y;
  size_t y_head, y_row;
  const float *mask;                    ///< what is added to scores, or NULL
  size_t mask_head, mask_row, mask_key;  ///< 0 where it is the same for all
  float scale;
  float softcap;        ///< scores become `softcap * tanh(score / softcap)`; 0 for no such bound
  ptrdiff_t before;     ///< the position of the first query; may be below zero
  size_t left, right;   ///< at most PTRDIFF_MAX / 2, which is no bound
  mng_dropout dropout;  ///< drops shares: its threshold is 0 where none is dropped
  uint64_t dropout_row;  ///< the number of the first head's first query
  size_t dropout_stride;  ///< from one query's first share to the next one's
} mng_attention_f32;

/// Bytes of `scratch` that `mng_attention_f32_rows` wants.
size_t mng_attention_f32_scratch(mng_isa isa, const mng_attention_f32 *attention);

/// Computes queries `[begin, end)` of all heads. What a query gives depends on no range. `y`
/// overlaps nothing; `scratch` is 64-byte aligned.
void mng_attention_f32_rows(mng_isa isa, const mng_attention_f32 *attention, size_t begin,
                            size_t end, void *scratch);

#endif
