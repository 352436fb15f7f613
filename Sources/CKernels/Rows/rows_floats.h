// Internal: products by weights that are floats, one line of 64 bytes after the other.
#ifndef MNG_ROWS_FLOATS_H
#define MNG_ROWS_FLOATS_H

#include "rows.h"

// Inputs of a row that stay in the first cache level beside the weights that stream through it. A longer
// row is one of several side by side, which share what is read of its input from further away; but where all
// lines are asked for, one stream is faster still.
enum { MNG_FLOATS_BLOCK = 2048 };

// Of one row after the other: the processor follows one stream of lines by itself, at the memory's whole speed, if one
// instruction reads it (so nothing is unrolled). Where not all lines are asked for, every sixteenth is, far ahead and into
// the first level, and the processor does not lose the stream; more would take it over from it.
enum { MNG_FLOATS_AHEAD = 65536, MNG_FLOATS_AHEAD_OF_ALL = 8192 };

/// What is asked for first, beside a row from `w` on, and how many bytes one such line is from the next.
#define MNG_FLOATS_ASKING(x, w)                                                               \
  const char *asked =                                                                         \
      (const char *)(w) + ((x)->asks_all ? MNG_FLOATS_AHEAD_OF_ALL : MNG_FLOATS_AHEAD);       \
  const size_t between = (x)->asks_all ? 64 : 16 * 64;

/// Asks for what lies ahead of the line that begins at byte `at`.
#define MNG_FLOATS_ASK(at) \
  if (((at) & (between - 1)) == 0) __builtin_prefetch(asked + (at), 0, 3);

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
  if (x->k > MNG_FLOATS_BLOCK && !x->asks_all) {                                              \
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
