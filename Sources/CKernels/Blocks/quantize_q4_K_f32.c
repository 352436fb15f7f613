#include "quantize.h"

// Each group's scale and minimum come from a search: for several widths of the code's range the
// codes are chosen, then the line through them by least squares, and the line of the least squared
// error is kept. Both numbers are rounded to six bits under the block's two half-precision scales;
// then the neighbours of the rounded scale are tried, each with its best minimum.

enum { GROUPS = 8, GROUP = 32, STEPS = 12 };

/// The squared error of codes for `x ≈ scale * q - minimum`, and the codes.
MNG_INLINE float chosen_codes(const float *x, float scale, float minimum, int *q) {
  const float inverse = mng_inverse(scale);
  float error = 0;
  for (int i = 0; i < GROUP; i++) {
    q[i] = mng_code((x[i] + minimum) * inverse + 0.5f, 15);
    const float rest = x[i] - (scale * (float)q[i] - minimum);
    error += rest * rest;
  }
  return error;
}

/// The line through the codes by least squares, with a minimum that is not negative.
MNG_INLINE void line_through(const float *x, const int *q, float *scale, float *minimum) {
  float n = GROUP, sq = 0, sqq = 0, sx = 0, sqx = 0;
  for (int i = 0; i < GROUP; i++) {
    const float code = (float)q[i];
    sq += code;
    sqq += code * code;
    sx += x[i];
    sqx += code * x[i];
  }
  const float determinant = n * sqq - sq * sq;
  if (determinant <= 0) return;
  float s = (n * sqx - sq * sx) / determinant, m = (sq * s - sx) / n;
  if (m < 0) {
    m = 0;
    s = sqx / sqq;
  }
  if (s > 0) {
    *scale = s;
    *minimum = m;
  }
}

MNG_INLINE void fit(const float *x, float *scale, float *minimum) {
  float least, most;
  mng_range(x, GROUP, &least, &most);
  if (least > 0) least = 0;
  *scale = 0;
  *minimum = -least;
  if (most <= least) return;
  float best = INFINITY;
  for (int step = 0; step < STEPS; step++) {
    const float width = 15.0f + 0.15f * (float)(step - STEPS / 2);
    float s = (most - least) / width, m = -least;
    int q[GROUP];
    for (int round = 0; round < 2; round++) {
      const float error = chosen_codes(x, s, m, q);
      if (error < best) {
        best = error;
        *scale = s;
        *minimum = m;
      }
      line_through(x, q, &s, &m);
    }
    const float error = chosen_codes(x, s, m, q);
    if (error < best) {
      best = error;
      *scale = s;
      *minimum = m;
    }
  }
}

MNG_INLINE void q4_K_pack(const float *x, q4_K_block *b) {
  float scale[GROUPS], minimum[GROUPS], top_scale = 0, top_minimum = 0;
  for (int g = 0; g < GROUPS; g++) {
    fit(x + g * GROUP, &scale[g], &minimum[g]);
    top_scale = scale[g] > top_scale ? scale[g] : top_scale;
    top_minimum = minimum[g] > top_minimum ? minimum[g] : top_minimum;
  }
  mng_put_half(top_scale / 63, b->d);
  mng_put_half(top_minimum / 63, b->dmin);
  const float d = mng_half(b->d), dmin = mng_half(b->dmin);
  int six[GROUPS], least[GROUPS], q[GROUPS][GROUP];
  for (int g = 0; g < GROUPS; g++) {
    const int s0 = mng_code(scale[g] * mng_inverse(d) + 0.5f, 63);
    const int m0 = mng_code(minimum[g] * mng_inverse(dmin) + 0.5f, 63);
    float best = INFINITY;
    for (int s = s0 > 0 ? s0 - 1 : 0; s <= s0 + 1 && s <= 63; s++) {
      for (int m = m0 > 0 ? m0 - 1 : 0; m <= m0 + 1 && m <= 63; m++) {
        int codes[GROUP];
        const float error =
            chosen_codes(x + g * GROUP, d * (float)s, dmin * (float)m, codes);
        if (error < best) {
          best = error;
          six[g] = s;
          least[g] = m;
          memcpy(q[g], codes, sizeof codes);
        }
      }
    }
    if (best == INFINITY) {
      six[g] = least[g] = 0;
      memset(q[g], 0, sizeof q[g]);
    }
  }
  for (int j = 0; j < 4; j++) {
    b->scales[j] = (uint8_t)(six[j] | (six[j + 4] >> 4) << 6);
    b->scales[j + 4] = (uint8_t)(least[j] | (least[j + 4] >> 4) << 6);
    b->scales[j + 8] = (uint8_t)((six[j + 4] & 15) | (least[j + 4] & 15) << 4);
    for (int i = 0; i < 32; i++)
      b->qs[j * 32 + i] = (uint8_t)(q[2 * j][i] | q[2 * j + 1][i] << 4);
  }
}

MNG_QUANTIZE(q4_K)
