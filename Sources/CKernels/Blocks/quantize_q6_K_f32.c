#include "quantize.h"

// Each group's scale comes from a search: for several extreme codes the codes are chosen, then the
// scale by least squares, and the scale of the least squared error is kept. Scales are rounded to
// eight bits under the block's half-precision scale, and the codes are chosen anew.

enum { GROUPS = 16, GROUP = 16, STEPS = 9 };

/// The nearest code; the argument is at most a few hundred.
MNG_INLINE int signed_code(float v) {
  const float moved = v + 32.5f;
  return mng_code(moved, 63) - 32;
}

MNG_INLINE float fit(const float *x) {
  const float extreme = mng_extreme(x, GROUP);
  if (extreme == 0) return 0;
  float best_gain = 0, best = extreme / -32;
  for (int step = 0; step < STEPS; step++) {
    const float inverse = -(32.0f + 0.1f * (float)(step - STEPS / 2)) / extreme;
    float sqx = 0, sqq = 0;
    for (int i = 0; i < GROUP; i++) {
      const float code = (float)signed_code(x[i] * inverse);
      sqx += code * x[i];
      sqq += code * code;
    }
    // The error is Σx² - sqx²/sqq.
    if (sqq > 0 && sqx * sqx > best_gain * sqq) {
      best_gain = sqx * sqx / sqq;
      best = sqx / sqq;
    }
  }
  return best;
}

MNG_INLINE void q6_K_pack(const float *x, q6_K_block *b) {
  float scale[GROUPS], top;
  for (int g = 0; g < GROUPS; g++) scale[g] = fit(x + g * GROUP);
  top = mng_extreme(scale, GROUPS);
  // The extreme scale becomes -128, the code that has no opposite.
  mng_put_half(top / -128, b->d);
  const float d = mng_half(b->d), inverse = mng_inverse(d);
  int q[GROUPS * GROUP];
  for (int g = 0; g < GROUPS; g++) {
    const int code = mng_code(scale[g] * inverse + 128.5f, 255) - 128;
    b->scales[g] = (int8_t)code;
    const float each = mng_inverse(d * (float)code);
    for (int i = 0; i < GROUP; i++) q[g * GROUP + i] = signed_code(x[g * GROUP + i] * each) + 32;
  }
  for (int h = 0; h < 2; h++) {
    const int *p = q + h * 128;
    for (int i = 0; i < 64; i++) b->ql[h * 64 + i] = (uint8_t)((p[i] & 15) | (p[i + 64] & 15) << 4);
    for (int i = 0; i < 32; i++)
      b->qh[h * 32 + i] = (uint8_t)(p[i] >> 4 | p[i + 32] >> 4 << 2 | p[i + 64] >> 4 << 4 |
                                    p[i + 96] >> 4 << 6);
  }
}

MNG_QUANTIZE(q6_K)
