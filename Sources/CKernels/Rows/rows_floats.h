// Internal: products by weights that are floats, one line of 64 bytes after the other.
#ifndef MNG_ROWS_FLOATS_H
#define MNG_ROWS_FLOATS_H

#include "rows.h"

/// How far ahead a stream of floats is asked for. The processor follows one stream by itself, if it
/// is read in order and by one instruction; what is asked for further ahead takes that work from it
/// and is slower.
enum { MNG_FLOATS_AHEAD = 1024 };

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
