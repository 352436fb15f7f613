#include "rows_narrow.h"

#define WIDEN(p)                                                                                 \
  ((mng_f32x16)(__builtin_convertvector(*(const mng_u16x16 *)(p), mng_u32x16) << 16))

MNG_ROWS_NARROW(mng_rows_sums_bf16, WIDEN, from_bf16)

MNG_VARIANTS(mng_rows_sums_bf16,
             (const void *weights, size_t outputs, const mng_rows_x *x, size_t rows, float *sums),
             (weights, outputs, x, rows, sums))
