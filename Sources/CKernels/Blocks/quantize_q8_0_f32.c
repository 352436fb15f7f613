#include "quantize.h"

/// Rounds half away from zero.
MNG_INLINE void q8_0_pack(const float *x, q8_0_block *b) {
  const float d = fabsf(mng_extreme(x, 32)) / 127, inverse = mng_inverse(d);
  mng_put_half(d, b->d);
  for (int i = 0; i < 32; i++) {
    const float v = x[i] * inverse, size = fabsf(v), whole = truncf(size);
    const int code = mng_code(whole + truncf(2 * (size - whole)), 127);
    b->qs[i] = (int8_t)(v < 0 ? -code : code);
  }
}

MNG_QUANTIZE(q8_0)
