// Internal: half precision and bfloat16 to float32 and back, in always-inlined formulas.
#ifndef MNG_NARROW_FLOATS_H
#define MNG_NARROW_FLOATS_H

#include <math.h>

#include "lanes.h"
#include "math_f32.h"

// Formulas on bits without branches, which compilers vectorise for every instruction set.

MNG_INLINE uint32_t chosen(int condition, uint32_t yes, uint32_t no) {
  return condition ? yes : no;
}

/// From a float of fewer bits, its sign removed and its mantissa's top where float32's is: the
/// exponent is put right by a product, which normalises small values, too.
MNG_INLINE float rebiased(uint32_t shifted, float power, uint32_t infinity) {
  const float value = float_of_bits(shifted) * power;
  return float_of_bits(chosen(shifted >= infinity, shifted | 0x7F800000u, bits_of_float(value)));
}

MNG_INLINE float signed_as(float value, uint32_t sign) {
  return float_of_bits(bits_of_float(value) | sign);
}

MNG_INLINE float from_f16(uint16_t h) {
  return signed_as(rebiased((uint32_t)(h & 0x7FFF) << 13, 0x1p112f, 0x0F800000u),
                   (uint32_t)(h & 0x8000) << 16);
}

MNG_INLINE float from_bf16(uint16_t h) { return float_of_bits((uint32_t)h << 16); }

/// To a float whose last mantissa bit is float32's bit `shift` and whose exponents are biased by
/// `127 - rebias`. `magic` is the float whose last bit weighs as much as the target's smallest
/// value: adding it rounds small values.
MNG_INLINE uint32_t rounded(float value, uint32_t shift, uint32_t rebias, float magic,
                            float smallest_normal) {
  const uint32_t bits = bits_of_float(value) & 0x7FFFFFFFu;
  const float size = float_of_bits(bits);
  const uint32_t half = (1u << (shift - 1)) - 1;
  const uint32_t normal = (bits - (rebias << 23) + half + (bits >> shift & 1)) >> shift;
  const uint32_t small = bits_of_float(size + magic) - bits_of_float(magic);
  return chosen(size < smallest_normal, small, normal);
}

MNG_INLINE uint16_t to_f16(float value) {
  const float size = fabsf(value);
  uint32_t code = rounded(value, 13, 112, 0.5f, 0x1p-14f);
  code = chosen(size >= 65520.0f, 0x7C00, code);
  code = chosen(size != size, 0x7E00, code);
  return (uint16_t)(code | (bits_of_float(value) >> 16 & 0x8000));
}

MNG_INLINE uint16_t to_bf16(float value) {
  const uint32_t bits = bits_of_float(value);
  const uint32_t code = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
  return (uint16_t)chosen(value != value, 0x7FC0 | (bits >> 16 & 0x8000), code);
}

#endif
