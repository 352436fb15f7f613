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

MNG_INLINE float max_of_lanes(const mng_f32x16 *lanes) {
  const mng_f32x16 v = *lanes;
  const mng_f32x8 a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
  const mng_f32x8 b = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  const mng_f32x8 eight = a > b ? a : b;
  const mng_f32x4 c = __builtin_shufflevector(eight, eight, 0, 1, 2, 3);
  const mng_f32x4 d = __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  const mng_f32x4 four = c > d ? c : d;
  const float left = greater_of(four[0], four[1]), right = greater_of(four[2], four[3]);
  return greater_of(left, right);
}

/// The largest of a row that are no NaN; -infinity of none.
MNG_INLINE float max_of_row(const float *x, size_t count) {
  mng_f32x16 most = (mng_f32x16){0} - INFINITY;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const mng_f32x16 v = MNG_READ(mng_f32x16, x + i);
    most = v > most ? v : most;
  }
  float max = max_of_lanes(&most);
  for (; i < count; i++) max = greater_of(x[i], max);
  return max;
}

typedef int mng_i32x16 __attribute__((ext_vector_type(16)));

/// `m_exp_negative` of each.
MNG_INLINE void exp_negative_lanes(mng_f32x16 *values) {
  const mng_f32x16 x = *values;
  const mng_f32x16 lowest = (mng_f32x16){0} - 87.3f;
  const mng_i32x16 below = x < lowest;
  const mng_f32x16 bounded = below ? lowest : x;
  const mng_f32x16 shifted = bounded * 1.44269504f + 12582912.0f;
  const mng_f32x16 n = shifted - 12582912.0f;
  mng_f32x16 r = bounded - n * 0.693145752f;
  r = r - n * 1.42860677e-6f;
  mng_f32x16 p = r * 0.001394644656f + 0.008369151694f;
  p = p * r + 0.04166626314f;
  p = p * r + 0.1666651599f;
  p = p * r + 0.5000000081f;
  p = p * (r * r) + r;
  mng_i32x16 bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - (0x4B400000 - 127)) << 23;
  mng_f32x16 power;
  memcpy(&power, &bits, sizeof power);
  *values = below ? (mng_f32x16){0} : p * power + power;
}

MNG_INLINE float sum_of_exponentials(const float *x, size_t count, float max, float *y) {
  mng_f32x16 sums = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    mng_f32x16 e = MNG_READ(mng_f32x16, x + i) - max;
    exp_negative_lanes(&e);
    if (y) MNG_AT(mng_f32x16, y + i) = e;
    sums += e;
  }
  float lanes[LANES];
  memcpy(lanes, &sums, sizeof lanes);
  for (int lane = 0; i < count; i++, lane++) {
    const float e = m_exp_negative(x[i] - max);
    if (y) y[i] = e;
    lanes[lane] += e;
  }
  return sum_of_lanes(lanes);
}

#endif
