// Internal: sums of products of a few rows of input with rows of stored weights.
#ifndef MNG_ROWS_INTERNAL_H
#define MNG_ROWS_INTERNAL_H

#include <stdbool.h>

#include "../Blocks/blocks.h"
#include "mng_core.h"
#include "mng_rows.h"

#define MNG_EACH_BLOCK_TYPE(DO)                                                     \
  DO(MNG_Q4_0, q4_0) DO(MNG_Q4_1, q4_1) DO(MNG_Q5_0, q5_0) DO(MNG_Q5_1, q5_1)       \
  DO(MNG_Q8_0, q8_0) DO(MNG_Q2_K, q2_K) DO(MNG_Q3_K, q3_K) DO(MNG_Q4_K, q4_K)       \
  DO(MNG_Q5_K, q5_K) DO(MNG_Q6_K, q6_K) DO(MNG_IQ4_NL, iq4_nl) DO(MNG_MXFP4, mxfp4)

// How far ahead quantised weights are asked for: most of it is on its way to the second cache level.
enum { MNG_ROWS_AHEAD = 16384 };

/// 128 codes of the input as the products by unsigned bytes take them.
typedef struct mng_rows_part {
  /// The codes' upper and lower bytes, in the order in which the type's weights lie: signed where these are unsigned. By signed
  /// weights go unsigned bytes, of which the upper ones are 128 too large.
  int8_t upper[128], lower[128];
  /// Minus the sum of the codes that meet in each lane, times the unsigned weight that stands for zero, where all blocks
  /// have the same one above 0 (`Q4_0`); unset where they do not.
  int32_t centre[16];
  float scales[16];  ///< of four blocks, each four times over
  float totals[16];  ///< of four blocks, then zeros
} mng_rows_part;

/// Rows of input, as floats or as codes.
typedef struct mng_rows_x {
  const float *floats;
  size_t stride;          ///< floats from a row to the next
  const int16_t *codes;   ///< `[rows, k]`
  const float *scales;    ///< `[rows, k / 32]`
  const float *totals;    ///< `[rows, k / 32]`
  const float *sums;      ///< `[rows, k / 16]`
  const mng_rows_part *parts;  ///< `[rows, mng_rows_parts(k)]`; what lacks to a whole one is zero
  size_t k;
  bool asks_all;  ///< `mng_core_asks_all`
} mng_rows_x;

MNG_INLINE size_t mng_rows_parts(size_t k) { return (k + 127) / 128; }

MNG_INLINE mng_rows_x mng_rows_of(const void *prepared, size_t rows, size_t k) {
  const mng_rows_part *parts = prepared;
  const int16_t *codes = (const int16_t *)(parts + rows * mng_rows_parts(k));
  const float *scales = (const float *)(codes + rows * k), *totals = scales + rows * (k / 32);
  return (mng_rows_x){NULL, 0, codes, scales, totals, totals + rows * (k / 32), parts, k, false};
}

/// The same from row `row` on.
MNG_INLINE mng_rows_x mng_rows_from(mng_rows_x x, size_t row) {
  if (x.floats) x.floats += row * x.stride;
  if (x.codes) {
    x.codes += row * x.k;
    x.scales += row * (x.k / 32);
    x.totals += row * (x.k / 32);
    x.parts += row * mng_rows_parts(x.k);
    x.sums += row * (x.k / 16);
  }
  return x;
}

/// `sums[o * rows + r]` is row `o` of the weights times row `r` of the input, for `outputs` rows of
/// weights that lie one after the other; `rows` is 1 to 4.
typedef void mng_rows_kernel(const void *weights, size_t outputs, const mng_rows_x *x, size_t rows,
                             float *sums);

/// Whether products by this type take the input's parts.
bool mng_rows_use_parts(int stored);

extern mng_rows_kernel mng_rows_sums_f32, mng_rows_sums_f16, mng_rows_sums_bf16;

#define MNG_DECLARE_ROWS(CODE, type) extern mng_rows_kernel mng_rows_sums_##type;
MNG_EACH_BLOCK_TYPE(MNG_DECLARE_ROWS)
#undef MNG_DECLARE_ROWS

/// Calls `body(…, R)` with the number of rows as a constant.
#define MNG_FOR_ROWS(body, rows, ...) \
  switch (rows) {                     \
    case 1:                           \
      body(__VA_ARGS__, 1);           \
      break;                          \
    case 2:                           \
      body(__VA_ARGS__, 2);           \
      break;                          \
    case 3:                           \
      body(__VA_ARGS__, 3);           \
      break;                          \
    default:                          \
      body(__VA_ARGS__, 4);           \
  }

/// How many bytes ahead to ask for, where `streams` rows of weights are read side by side: whole
/// turns of rows, so that every byte is asked for once, and far enough for the memory to answer.
MNG_INLINE size_t mng_rows_ahead(size_t row_bytes, size_t streams) {
  const size_t turn = row_bytes * streams;
  return turn == 0 ? 0 : (MNG_ROWS_AHEAD + turn - 1) / turn * turn;
}

/// Asks for a line of weights into the second cache level; into the first where all lines are asked for.
#define MNG_ASK(x, p) ((x)->asks_all ? __builtin_prefetch(p, 0, 3) : __builtin_prefetch(p, 0, 2))

#define MNG_UNROLL _Pragma("clang loop unroll(full)")

#endif
