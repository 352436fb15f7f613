// Internal: products by weights that are floats, one line of 64 bytes after the other.
#ifndef MNG_ROWS_FLOATS_H
#define MNG_ROWS_FLOATS_H

#include "rows.h"

// Inputs of a row that stay in the first cache level beside the weights that stream through it. A longer
// row is one of several side by side, which share what is read of its input from further away.
enum { MNG_FLOATS_BLOCK = 2048 };

// Of short rows: the processor follows one stream of lines by itself, at the memory's whole speed, if one instruction
// reads it (so nothing is unrolled). Asked for every sixteenth line far ahead, into the first level, it does not lose it;
// more would take the stream over from it, and what a core can ask for at a time is less.
enum { MNG_FLOATS_AHEAD = 65536 };

/// Asks for what lies so far ahead of a row, where its byte `at` begins a sixteenth line.
#define MNG_FLOATS_ASK(w, at) \
  if (((at) & (16 * 64 - 1)) == 0) MNG_PREFETCH_FIRST((const char *)(w) + MNG_FLOATS_AHEAD + (at));

/// Calls `side(weights, x, sums, S, R)` for as many rows side by side, up to `MOST`, as have their sums in registers;
/// a sum is the same however many these are.
#define MNG_SIDE_BY_SIDE(side, MOST, w, outputs, x, sums, R)                                  \
  const size_t together = R == 1 ? MOST : R == 2 ? 4 : 2;                                     \
  size_t o = 0;                                                                               \
  for (; o + together <= outputs; o += together)                                              \
    side(w + o * x->k, x, sums + o * R, together, R);                                         \
  for (; o < outputs; o++) side(w + o * x->k, x, sums + o * R, 1, R);

/// All rows, by `name_long` or one after the other by `name_row`.
#define MNG_ROWS_OF_FLOATS(name, type, weights, outputs, x, rows, sums)                       \
  const type *w = weights;                                                                    \
  if (x->k > MNG_FLOATS_BLOCK) {                                                              \
    MNG_FOR_ROWS(name##_long, rows, w, outputs, x, sums)                                      \
    return;                                                                                   \
  }                                                                                           \
  for (size_t o = 0; o < outputs; o++) {                                                      \
    MNG_FOR_ROWS(name##_row, rows, w + o * x->k, x, sums + o * rows)                          \
  }

/// The sum of 16 lanes, added in pairs.
#define MNG_SUM_OF_16(v)                                                               \
  ({                                                                                   \
    const mng_f32x16 all_ = (v);                                                       \
    const mng_f32x8 eight_ = __builtin_shufflevector(all_, all_, 0, 1, 2, 3, 4, 5, 6, 7) + \
                             __builtin_shufflevector(all_, all_, 8, 9, 10, 11, 12, 13, 14, 15); \
    const mng_f32x4 four_ = __builtin_shufflevector(eight_, eight_, 0, 1, 2, 3) +      \
                            __builtin_shufflevector(eight_, eight_, 4, 5, 6, 7);       \
    (four_[0] + four_[2]) + (four_[1] + four_[3]);                                     \
  })

typedef uint16_t mng_u16x16 __attribute__((ext_vector_type(16), aligned(2)));
typedef uint16_t mng_u16x32 __attribute__((ext_vector_type(32), aligned(2)));
typedef uint32_t mng_u32x16 __attribute__((ext_vector_type(16), aligned(2)));

#endif
