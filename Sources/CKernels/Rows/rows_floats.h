// Internal: products by weights that are floats, one line of 64 bytes after the other.
#ifndef MNG_ROWS_FLOATS_H
#define MNG_ROWS_FLOATS_H

#include "rows.h"

// Inputs that are multiplied by a tile of rows before the next ones, so that the input stays in the
// first cache level beside the weights that stream through it.
enum { MNG_FLOATS_BLOCK = 2048 };

/// Inputs of a block: multiples of 64, about alike.
MNG_INLINE size_t mng_floats_block(size_t k) {
  const size_t blocks = (k + MNG_FLOATS_BLOCK - 1) / MNG_FLOATS_BLOCK;
  return blocks <= 1 ? k : (k / blocks + 63) & ~(size_t)63;
}

/// What is `count` segments after the one of row `o` and input `begin`, where each block of inputs
/// goes over all rows of a tile, tile after tile; in bytes from the tile's first.
MNG_INLINE size_t mng_floats_later(size_t o, size_t outputs, size_t begin, size_t end, size_t k,
                                   size_t size, size_t count) {
  const size_t row = o + count;
  if (row < outputs) return (row * k + begin) * size;
  return end < k ? ((row - outputs) * k + end) * size : row * k * size;
}

/// Calls `row(weights, begin, end, later, x, sums, R)` for all segments; `later` is what lies
/// `COUNT` segments further.
#define MNG_FOR_SEGMENTS(row, rows, type, COUNT)                                             \
  const size_t k = x->k, block = mng_floats_block(k);                                        \
  for (size_t begin = 0; begin < k || begin == 0; begin += block) {                          \
    const size_t end = mng_min(begin + block, k);                                            \
    for (size_t o = 0; o < outputs; o++) {                                                   \
      const char *later = (const char *)weights +                                            \
                          mng_floats_later(o, outputs, begin, end, k, sizeof(type), COUNT);  \
      MNG_FOR_ROWS(row, rows, (const type *)weights + o * k, begin, end, later, x, sums + o * rows) \
    }                                                                                        \
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
