#include "quantize.h"

MNG_INLINE void q4_1_pack(const float *x, q4_1_block *b) {
  float least, most;
  mng_range(x, 32, &least, &most);
  const float d = (most - least) / 15, inverse = mng_inverse(d);
  mng_put_half(d, b->d);
  mng_put_half(least, b->m);
  for (int i = 0; i < 16; i++) {
    const int low = mng_code((x[i] - least) * inverse + 0.5f, 15);
    const int high = mng_code((x[i + 16] - least) * inverse + 0.5f, 15);
    b->qs[i] = (uint8_t)(low | high << 4);
  }
}

MNG_QUANTIZE(q4_1)
