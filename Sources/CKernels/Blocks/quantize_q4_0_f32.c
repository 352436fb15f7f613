#include "quantize.h"

/// The scale takes the extreme element to -8, the code that has no opposite.
MNG_INLINE void q4_0_pack(const float *x, q4_0_block *b) {
  const float d = mng_extreme(x, 32) / -8, inverse = mng_inverse(d);
  mng_put_half(d, b->d);
  for (int i = 0; i < 16; i++) {
    const int low = mng_code(x[i] * inverse + 8.5f, 15);
    const int high = mng_code(x[i + 16] * inverse + 8.5f, 15);
    b->qs[i] = (uint8_t)(low | high << 4);
  }
}

MNG_QUANTIZE(q4_0)
