// Internal: defines `mng_dequantize_<type>_f32(source, target, blocks)` for every instruction set.
#ifndef MNG_DEQUANTIZE_H
#define MNG_DEQUANTIZE_H

#include "blocks.h"

#pragma STDC FP_CONTRACT OFF

typedef int8_t mng_i8x16 __attribute__((ext_vector_type(16), aligned(1)));

#define MNG_DEQUANTIZE(type)                                                                     \
  MNG_INLINE void mng_dequantize_##type##_f32_body(const void *restrict source,                  \
                                                   float *restrict target, size_t blocks) {      \
    enum { N = type##_elements, G = type##_group };                                              \
    const type##_block *block = source;                                                          \
    int8_t q[N];                                                                                 \
    float scale[N / G], addend[N / G];                                                           \
    for (size_t b = 0; b < blocks; b++, target += N) {                                           \
      type##_unpack(block + b, q, scale, addend);                                                \
      for (int g = 0; g < N / G; g++) {                                                          \
        for (int i = g * G; i < (g + 1) * G; i += 16) {                                          \
          const mng_i8x16 codes = *(const mng_i8x16 *)(const void *)(q + i);                     \
          mng_f32x16 part = __builtin_convertvector(codes, mng_f32x16) * scale[g];               \
          if (type##_addends) part = part + addend[g];                                           \
          MNG_AT(mng_f32x16, target + i) = part;                                                 \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  void mng_dequantize_##type##_f32(const void *, float *, size_t);                               \
  MNG_VARIANTS(mng_dequantize_##type##_f32,                                                      \
               (const void *restrict source, float *restrict target, size_t blocks),             \
               (source, target, blocks))

#endif
