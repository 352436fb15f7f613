#include "rows_narrow.h"

// A pair of weights is one integer: its lower half is the even one, its upper half the odd one. So
// the input has the even and the odd ones of each 32 apart (`mng_rows_prepare`).
#define WIDEN(p, first, second)                                               \
  do {                                                                        \
    const mng_u32x16 pairs_ = *(const mng_u32x16 *)(const void *)(p);         \
    (first) = (mng_f32x16)(pairs_ << 16);                                     \
    (second) = (mng_f32x16)(pairs_ & 0xffff0000u);                            \
  } while (0)

MNG_ROWS_NARROW(mng_rows_sums_bf16, WIDEN, from_bf16)

MNG_VARIANTS(mng_rows_sums_bf16,
             (const void *weights, size_t outputs, const mng_rows_x *x, size_t rows, float *sums),
             (weights, outputs, x, rows, sums))
