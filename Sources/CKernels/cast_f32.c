#include "mng_cast_f32.h"

#include <string.h>

#include "narrow_floats.h"

MNG_INLINE float from_f8e5m2(uint8_t b) { return from_f16((uint16_t)((uint16_t)b << 8)); }

MNG_INLINE float from_f8e4m3(uint8_t b) {
  // Only all ones are NaN.
  return signed_as(rebiased((uint32_t)(b & 0x7F) << 20, 0x1p120f, 0x07F00000u), (uint32_t)(b & 0x80)
                                                                                    << 24);
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
