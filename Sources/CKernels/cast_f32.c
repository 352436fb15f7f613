#include "mng_cast_f32.h"

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

MNG_INLINE float from_f8e5m2(uint8_t b) { return from_f16((uint16_t)((uint16_t)b << 8)); }

MNG_INLINE float from_f8e4m3(uint8_t b) {
  // Only all ones are NaN.
  return signed_as(rebiased((uint32_t)(b & 0x7F) << 20, 0x1p120f, 0x07F00000u), (uint32_t)(b & 0x80)
                                                                                    << 24);
}

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

MNG_INLINE uint8_t to_f8e5m2(float value) {
  const float size = fabsf(value);
  uint32_t code = rounded(value, 21, 112, 128.0f, 0x1p-14f);
  code = chosen(size >= 61440.0f, 0x7C, code);
  code = chosen(size != size, 0x7F, code);
  return (uint8_t)(code | (bits_of_float(value) >> 24 & 0x80));
}

/// What is too large, infinity too, becomes the greatest number, as in PyTorch from 2.15.
MNG_INLINE uint8_t to_f8e4m3(float value) {
  const float size = fabsf(value);
  uint32_t code = rounded(value, 20, 120, 16384.0f, 0x1p-6f);
  code = chosen(size >= 448.0f, 0x7E, code);
  code = chosen(size != size, 0x7F, code);
  return (uint8_t)(code | (bits_of_float(value) >> 24 & 0x80));
}

#define WIDEN(TYPE, EXPRESSION)          \
  {                                      \
    const TYPE *from_values = source;    \
    for (size_t i = 0; i < count; i++) { \
      const TYPE x = from_values[i];     \
      target[i] = EXPRESSION;            \
    }                                    \
    return;                              \
  }

MNG_INLINE void widen_f32_body(mng_dtype from, const void *restrict source, float *restrict target,
                               size_t count) {
  switch (from) {
    case MNG_F64:
      WIDEN(double, (float)x)
    case MNG_F16:
      WIDEN(uint16_t, from_f16(x))
    case MNG_BF16:
      WIDEN(uint16_t, from_bf16(x))
    case MNG_F8E4M3:
      WIDEN(uint8_t, from_f8e4m3(x))
    case MNG_F8E5M2:
      WIDEN(uint8_t, from_f8e5m2(x))
    case MNG_I64:
      WIDEN(int64_t, (float)x)
    case MNG_I32:
      WIDEN(int32_t, (float)x)
    case MNG_I16:
      WIDEN(int16_t, (float)x)
    case MNG_I8:
      WIDEN(int8_t, (float)x)
    case MNG_U64:
      WIDEN(uint64_t, (float)x)
    case MNG_U32:
      WIDEN(uint32_t, (float)x)
    case MNG_U16:
      WIDEN(uint16_t, (float)x)
    case MNG_U8:
      WIDEN(uint8_t, (float)x)
    case MNG_BOOL:
      WIDEN(uint8_t, x != 0 ? 1.0f : 0.0f)
    default:
      memcpy(target, source, count * sizeof(float));
  }
}

MNG_VARIANTS(widen_f32,
             (mng_dtype from, const void *restrict source, float *restrict target, size_t count),
             (from, source, target, count))

#define NARROW(TYPE, EXPRESSION)         \
  {                                      \
    TYPE *to_values = target;            \
    for (size_t i = 0; i < count; i++) { \
      const float x = source[i];         \
      to_values[i] = EXPRESSION;         \
    }                                    \
    return;                              \
  }

MNG_INLINE void narrow_f32_body(const float *restrict source, mng_dtype to, void *restrict target,
                                size_t count) {
  switch (to) {
    case MNG_F64:
      NARROW(double, (double)x)
    case MNG_F16:
      NARROW(uint16_t, to_f16(x))
    case MNG_BF16:
      NARROW(uint16_t, to_bf16(x))
    case MNG_F8E4M3:
      NARROW(uint8_t, to_f8e4m3(x))
    case MNG_F8E5M2:
      NARROW(uint8_t, to_f8e5m2(x))
    default:
      memcpy(target, source, count * sizeof(float));
  }
}

MNG_VARIANTS(narrow_f32,
             (const float *restrict source, mng_dtype to, void *restrict target, size_t count),
             (source, to, target, count))

int mng_widen_f32(mng_dtype from, const void *source, float *target, size_t count) {
  if (from == MNG_C64) return 0;
  widen_f32(from, source, target, count);
  return 1;
}

int mng_narrow_f32(const float *source, mng_dtype to, void *target, size_t count) {
  if (to > MNG_F8E5M2) return 0;
  narrow_f32(source, to, target, count);
  return 1;
}

/// Every value of the type is a float32.
static int is_within_f32(mng_dtype type) {
  switch (type) {
    case MNG_F32:
    case MNG_F16:
    case MNG_BF16:
    case MNG_F8E4M3:
    case MNG_F8E5M2:
    case MNG_I16:
    case MNG_I8:
    case MNG_U16:
    case MNG_U8:
    case MNG_BOOL:
      return 1;
    default:
      return 0;
  }
}

int mng_cast_through_f32(const void *source, mng_dtype from, void *target, mng_dtype to,
                         size_t count) {
  static const size_t size[] = {8, 4, 2, 2, 1, 1, 8, 4, 2, 1, 8, 4, 2, 1, 1, 8};
  if (to == MNG_F32) return mng_widen_f32(from, source, target, count);
  if (!is_within_f32(from) || to > MNG_F8E5M2) return 0;
  if (from == MNG_F32) return mng_narrow_f32(source, to, target, count);
  enum { BLOCK = 2048 };
  float floats[BLOCK];
  for (size_t at = 0; at < count; at += BLOCK) {
    const size_t n = mng_min(BLOCK, count - at);
    widen_f32(from, (const char *)source + at * size[from], floats, n);
    narrow_f32(floats, to, (char *)target + at * size[to], n);
  }
  return 1;
}
