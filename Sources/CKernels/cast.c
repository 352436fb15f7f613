#include "mng_cast.h"
#include "mng_cast_f32.h"
#include <math.h>
#include <string.h>

// The general path: through double for floats, through 64-bit integers for integers, in blocks, so that
// every pair of types exists once. Rounding to a narrow float happens once, from the exact source value.
enum { BLOCK = 512 };

/// Rounds to a float of `exponent` and `mantissa` bits, to nearest even, from the double's own bits.
static uint32_t narrow(double value, int exponent, int mantissa, int has_infinity) {
  uint64_t bits;
  memcpy(&bits, &value, 8);
  uint32_t sign = (uint32_t)(bits >> 63) << (exponent + mantissa);
  uint32_t top = ((1u << exponent) - 1) << mantissa;
  // Eight-bit NaNs have all bits set; the others only the quiet bit
  uint32_t nan = exponent + mantissa > 8 ? top | (1u << (mantissa - 1)) : top | ((1u << mantissa) - 1);
  uint32_t beyond = has_infinity ? top : nan - 1;
  if (isnan(value)) return sign | nan;
  if (isinf(value)) return sign | beyond;
  int bias = (1 << (exponent - 1)) - 1;
  int e = (int)(bits >> 52 & 0x7FF) - 1023;
  uint64_t m = (bits & 0xFFFFFFFFFFFFFull) | (bits >> 52 & 0x7FF ? 1ull << 52 : 0);
  if (m == 0) return sign;
  int shift = 52 - mantissa;
  int stored = e + bias;
  if (stored <= 0) { // a subnormal of the target
    shift += 1 - stored;
    stored = 0;
    if (shift > 63) return sign;
  }
  uint64_t kept = m >> shift, rest = m & ((1ull << shift) - 1), half = 1ull << (shift - 1);
  if (rest > half || (rest == half && (kept & 1))) kept++;
  // A normal number carries its implicit bit into the exponent field: subtract it first
  uint64_t code = stored > 0 ? ((uint64_t)(stored - 1) << mantissa) + kept : kept;
  uint64_t largest = has_infinity ? top - 1 : nan - 1;
  return code > largest ? sign | beyond : sign | (uint32_t)code;
}

static double widen(uint32_t code, int exponent, int mantissa, int has_infinity) {
  uint32_t m = code & ((1u << mantissa) - 1), e = code >> mantissa & ((1u << exponent) - 1);
  double sign = code >> (exponent + mantissa) & 1 ? -1 : 1;
  int bias = (1 << (exponent - 1)) - 1, top = (1 << exponent) - 1;
  if ((int)e == top) {
    if (has_infinity) return m ? sign * NAN : sign * INFINITY;
    if (m == (1u << mantissa) - 1) return sign * NAN;
  }
  if (e == 0) return sign * ldexp(m, 1 - bias - mantissa);
  return sign * ldexp(m | 1u << mantissa, (int)e - bias - mantissa);
}

static void to_doubles(const void *source, mng_dtype from, double *out, intptr_t n) {
#define EACH(TYPE, EXPRESSION)                                                   \
  { const TYPE *p = source; for (intptr_t i = 0; i < n; i++) { TYPE x = p[i]; out[i] = EXPRESSION; } } break
  switch (from) {
  case MNG_F64: EACH(double, x);
  case MNG_F32: EACH(float, x);
  case MNG_F16: EACH(uint16_t, widen(x, 5, 10, 1));
  case MNG_BF16: EACH(uint16_t, widen(x, 8, 7, 1));
  case MNG_F8E4M3: EACH(uint8_t, widen(x, 4, 3, 0));
  case MNG_F8E5M2: EACH(uint8_t, widen(x, 5, 2, 1));
  case MNG_C64: { const float *p = source; for (intptr_t i = 0; i < n; i++) out[i] = p[2 * i]; } break;
  default: break;
  }
#undef EACH
}

static void from_doubles(const double *in, void *target, mng_dtype to, intptr_t n) {
#define EACH(TYPE, EXPRESSION)                                                   \
  { TYPE *p = target; for (intptr_t i = 0; i < n; i++) { double x = in[i]; p[i] = (TYPE)(EXPRESSION); } } break
  switch (to) {
  case MNG_F64: EACH(double, x);
  case MNG_F32: EACH(float, x);
  case MNG_F16: EACH(uint16_t, narrow(x, 5, 10, 1));
  case MNG_BF16: EACH(uint16_t, narrow(x, 8, 7, 1));
  case MNG_F8E4M3: EACH(uint8_t, narrow(x, 4, 3, 0));
  case MNG_F8E5M2: EACH(uint8_t, narrow(x, 5, 2, 1));
  case MNG_BOOL: EACH(uint8_t, x != 0);
  case MNG_C64: { float *p = target; for (intptr_t i = 0; i < n; i++) p[2 * i] = (float)in[i], p[2 * i + 1] = 0; } break;
  default: break;
  }
#undef EACH
}

/// Cut off towards zero; NaN is 0; beyond 64 bits is the nearest end.
static uint64_t integer_of(double x, int is_unsigned) {
  if (isnan(x)) return 0;
  if (x >= 9223372036854775808.0) {
    if (!is_unsigned) return INT64_MAX;
    return x >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)x;
  }
  return x <= -9223372036854775808.0 ? (uint64_t)INT64_MIN : (uint64_t)(int64_t)x;
}

static void to_integers(const void *source, mng_dtype from, uint64_t *out, intptr_t n) {
#define EACH(TYPE) { const TYPE *p = source; for (intptr_t i = 0; i < n; i++) out[i] = (uint64_t)(int64_t)p[i]; } break
  switch (from) {
  case MNG_I64: case MNG_U64: memcpy(out, source, (size_t)n * 8); break;
  case MNG_I32: EACH(int32_t);
  case MNG_I16: EACH(int16_t);
  case MNG_I8: EACH(int8_t);
  case MNG_U32: EACH(uint32_t);
  case MNG_U16: EACH(uint16_t);
  case MNG_BOOL: { const uint8_t *p = source; for (intptr_t i = 0; i < n; i++) out[i] = p[i] != 0; } break;
  default: EACH(uint8_t);
  }
#undef EACH
}

static void from_integers(const uint64_t *in, void *target, mng_dtype to, intptr_t n) {
#define EACH(TYPE, EXPRESSION) { TYPE *p = target; for (intptr_t i = 0; i < n; i++) { uint64_t x = in[i]; p[i] = (TYPE)(EXPRESSION); } } break
  switch (to) {
  case MNG_I64: case MNG_U64: EACH(uint64_t, x);
  case MNG_I32: case MNG_U32: EACH(uint32_t, x);
  case MNG_I16: case MNG_U16: EACH(uint16_t, x);
  case MNG_I8: case MNG_U8: EACH(uint8_t, x);
  default: EACH(uint8_t, x != 0);
  }
#undef EACH
}

static int is_float(mng_dtype type) { return type <= MNG_F8E5M2 || type == MNG_C64; }

void mng_cast(const void *source, mng_dtype from, void *target, mng_dtype to, intptr_t count) {
  static const intptr_t size[] = {8, 4, 2, 2, 1, 1, 8, 4, 2, 1, 8, 4, 2, 1, 1, 8};
  if (count > 0 && mng_cast_through_f32(source, from, target, to, (size_t)count)) return;
  double reals[BLOCK];
  uint64_t integers[BLOCK];
  for (intptr_t at = 0; at < count; at += BLOCK) {
    intptr_t n = count - at < BLOCK ? count - at : BLOCK;
    const char *in = (const char *)source + at * size[from];
    char *out = (char *)target + at * size[to];
    if (is_float(from)) {
      to_doubles(in, from, reals, n);
      if (is_float(to) || to == MNG_BOOL) {
        from_doubles(reals, out, to, n);
      } else {
        for (intptr_t i = 0; i < n; i++) integers[i] = integer_of(reals[i], to == MNG_U64);
        from_integers(integers, out, to, n);
      }
    } else {
      to_integers(in, from, integers, n);
      if (!is_float(to)) {
        from_integers(integers, out, to, n);
      } else if (to == MNG_F32 || to == MNG_C64) { // straight to float: one rounding, not two
        float *p = (float *)out;
        intptr_t step = to == MNG_C64 ? 2 : 1;
        for (intptr_t i = 0; i < n; i++) {
          p[i * step] = from == MNG_U64 ? (float)integers[i] : (float)(int64_t)integers[i];
          if (step == 2) p[i * 2 + 1] = 0;
        }
      } else {
        for (intptr_t i = 0; i < n; i++)
          reals[i] = from == MNG_U64 ? (double)integers[i] : (double)(int64_t)integers[i];
        from_doubles(reals, out, to, n);
      }
    }
  }
}
