#include "quantize.h"

MNG_INLINE void q5_0_pack(const float *x, q5_0_block *b) {
  const float d = mng_extreme(x, 32) / -16, inverse = mng_inverse(d);
  mng_put_half(d, b->d);
  uint32_t top = 0;
  int q[32];
  for (int i = 0; i < 32; i++) q[i] = mng_code(x[i] * inverse + 16.5f, 31);
  for (int i = 0; i < 32; i++) top |= (uint32_t)(q[i] >> 4) << i;
  for (int i = 0; i < 4; i++) b->qh[i] = (uint8_t)(top >> 8 * i);
  for (int i = 0; i < 16; i++) b->qs[i] = (uint8_t)((q[i] & 15) | (q[i + 16] & 15) << 4);
}

MNG_QUANTIZE(q5_0)
