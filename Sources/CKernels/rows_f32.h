// Internal: what functions of whole rows share.
#ifndef ROWS_F32_H
#define ROWS_F32_H

#include <stddef.h>
#include <string.h>

#include "lanes.h"
#include "math_f32.h"

// Sums run in sixteen lanes whatever the instruction set, and the lanes are then added in pairs.
enum { LANES = 16 };

MNG_INLINE float sum_of_lanes(const float *lanes) {
  float sums[LANES];
  memcpy(sums, lanes, sizeof sums);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) sums[i] += sums[i + width];
  return sums[0];
}

MNG_INLINE float max_of_row(const float *x, size_t count) {
  mng_f32x16 most = (mng_f32x16){0} - INFINITY;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const mng_f32x16 v = MNG_READ(mng_f32x16, x + i);
    most = v > most ? v : most;
    most = v != v ? v : most;
  }
  float max = -INFINITY;
  for (int lane = 0; lane < LANES; lane++)
    max = most[lane] > max || most[lane] != most[lane] ? most[lane] : max;
  for (; i < count; i++) max = x[i] > max || x[i] != x[i] ? x[i] : max;
  return max;
}

MNG_INLINE float sum_of_exponentials(const float *x, size_t count, float max, float *y) {
  float sums[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    float e[LANES];
    memcpy(e, x + i, sizeof e);
    for (int lane = 0; lane < LANES; lane++) e[lane] = m_exp(e[lane] - max);
    if (y) memcpy(y + i, e, sizeof e);
    for (int lane = 0; lane < LANES; lane++) sums[lane] += e[lane];
  }
  for (int lane = 0; i < count; i++, lane++) {
    const float e = m_exp(x[i] - max);
    if (y) y[i] = e;
    sums[lane] += e;
  }
  return sum_of_lanes(sums);
}

#endif
