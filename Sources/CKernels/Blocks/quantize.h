// Internal: defines `mng_quantize_<type>_f32(source, target, blocks)` for every instruction set from
// `<type>_pack(x, block)`; what `<type>_pack` is given is finite.
#ifndef MNG_QUANTIZE_H
#define MNG_QUANTIZE_H

#include "blocks.h"

#pragma STDC FP_CONTRACT OFF

/// NaN is zero; what is beyond half precision's range is its end.
MNG_INLINE void mng_finite(const float *restrict x, float *restrict y, int count) {
  for (int i = 0; i < count; i++) {
    float v = x[i] == x[i] ? x[i] : 0.0f;
    v = v > 65504.0f ? 65504.0f : v;
    y[i] = v < -65504.0f ? -65504.0f : v;
  }
}

MNG_INLINE float mng_inverse(float d) { return d != 0 ? 1.0f / d : 0.0f; }

/// Cut off towards zero, within `0 ... top`; NaN is zero.
MNG_INLINE int mng_code(float v, int top) {
  return (int)(v > 0 ? v > (float)top ? (float)top : v : 0.0f);
}

/// The element of the greatest magnitude, the first of several.
MNG_INLINE float mng_extreme(const float *x, int count) {
  float size = 0, extreme = 0;
  for (int i = 0; i < count; i++) size = fabsf(x[i]) > size ? fabsf(x[i]) : size;
  for (int i = count - 1; i >= 0; i--) extreme = fabsf(x[i]) == size ? x[i] : extreme;
  return extreme;
}

MNG_INLINE void mng_range(const float *x, int count, float *least, float *most) {
  *least = *most = x[0];
  for (int i = 1; i < count; i++) {
    *least = x[i] < *least ? x[i] : *least;
    *most = x[i] > *most ? x[i] : *most;
  }
}

#define MNG_QUANTIZE(type)                                                                       \
  MNG_INLINE void mng_quantize_##type##_f32_body(const float *restrict source,                   \
                                                 void *restrict target, size_t blocks) {         \
    type##_block *block = target;                                                                \
    float x[type##_elements];                                                                    \
    for (size_t b = 0; b < blocks; b++) {                                                        \
      mng_finite(source + b * type##_elements, x, type##_elements);                              \
      type##_pack(x, block + b);                                                                 \
    }                                                                                            \
  }                                                                                              \
  void mng_quantize_##type##_f32(const float *, void *, size_t);                                 \
  MNG_VARIANTS(mng_quantize_##type##_f32,                                                        \
               (const float *restrict source, void *restrict target, size_t blocks),             \
               (source, target, blocks))

#endif
