// Internal: functions of one float that compilers vectorise: no branches, no calls, no undefined
// conversions. Coefficients are printed by scripts/coefficients.py; errors are those of UnaryTests.
#ifndef MATH_F32_H
#define MATH_F32_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "mng_variants.h"

MNG_INLINE float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

MNG_INLINE uint32_t bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

MNG_INLINE float greater_of(float a, float b) { return a > b ? a : b; }

/// 2^n e^r with |r| <= log(2) / 2: by powers of two in two steps, so that results below 2^-126 are
/// right.
MNG_INLINE float m_exp(float x) {
  // Beyond these, the result is 0 or infinite anyway; NaN passes.
  x = x < -104.5f ? -104.5f : x;
  x = x > 89.5f ? 89.5f : x;
  // Adding 1.5 * 2^23 rounds to an integer that lies in the low bits.
  const float shifted = x * 1.44269504f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  float r = x - n * 0.693145752f;
  r = r - n * 1.42860677e-6f;
  float p = 0.001394644656f;
  p = p * r + 0.008369151694f;
  p = p * r + 0.04166626314f;
  p = p * r + 0.1666651599f;
  p = p * r + 0.5000000081f;
  p = p * (r * r) + r;
  const int32_t whole = (int32_t)(bits_of_float(shifted) - 0x4B400000u);
  const int32_t half = whole >> 1;
  const float a = float_of_bits((uint32_t)(half + 127) << 23);
  const float b = float_of_bits((uint32_t)(whole - half + 127) << 23);
  const float y = (p * a + a) * b;
  return x != x ? x : y;
}

/// e^x for x <= 0, and 0 where that is below 2^-126: less work than `m_exp`.
MNG_INLINE float m_exp_negative(float x) {
  const float lowest = -87.3f, bounded = x < lowest ? lowest : x;
  const float shifted = bounded * 1.44269504f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  float r = bounded - n * 0.693145752f;
  r = r - n * 1.42860677e-6f;
  float p = 0.001394644656f;
  p = p * r + 0.008369151694f;
  p = p * r + 0.04166626314f;
  p = p * r + 0.1666651599f;
  p = p * r + 0.5000000081f;
  p = p * (r * r) + r;
  const float power = float_of_bits((bits_of_float(shifted) - 0x4B400000u + 127) << 23);
  return x < lowest ? 0 : p * power + power;
}

MNG_INLINE float m_expm1(float x) {
  float p = 0.0001997455149f;
  p = p * x + 0.00139977842f;
  p = p * x + 0.008333138762f;
  p = p * x + 0.04166530386f;
  p = p * x + 0.1666666748f;
  p = p * x + 0.5000000426f;
  const float small = p * (x * x) + x;
  const float large = m_exp(x) - 1;
  return fabsf(x) < 0.5f ? small : large;
}

MNG_INLINE float m_log(float x) {
  const int subnormal = x < 1.17549435e-38f;
  const float scaled = subnormal ? x * 8388608.0f : x;
  const uint32_t bits = bits_of_float(scaled);
  // The exponent of scaled / sqrt(1/2), so that the rest lies in [sqrt(1/2), sqrt(2)).
  const uint32_t above = bits - 0x3F3504F3u;
  const int32_t exponent = (int32_t)above >> 23;
  const float f = float_of_bits((above & 0x007FFFFFu) + 0x3F3504F3u) - 1;
  const float e = (float)(exponent - (subnormal ? 23 : 0));
  float p = -0.07660818947f;
  p = p * f + 0.1278633053f;
  p = p * f - 0.1316160575f;
  p = p * f + 0.1419787663f;
  p = p * f - 0.1662275246f;
  p = p * f + 0.2000141236f;
  p = p * f - 0.2500084621f;
  p = p * f + 0.3333332903f;
  const float square = f * f;
  float y = p * (square * f) - 0.5f * square;
  y = y + e * 1.42860677e-6f;
  y = (y + f) + e * 0.693145752f;
  y = x == 0 ? -INFINITY : y;
  y = x < 0 ? NAN : y;
  return x < INFINITY ? y : x;  // infinity and NaN
}

/// log(1 + x) for x >= 0.
MNG_INLINE float m_log1p(float x) {
  const float sum = 1 + x, rounded = sum - 1;
  const float y = m_log(sum) * (x / rounded);
  return rounded == 0 || x == INFINITY ? x : y;
}

MNG_INLINE float m_sigmoid(float x) {
  const float e = m_exp(-fabsf(x));
  const float y = (x < 0 ? e : 1.0f) / (1 + e);
  return x != x ? x : y;
}

MNG_INLINE float m_tanh(float x) {
  const float size = fabsf(x), square = x * x;
  float p = -0.005704042524f;
  p = p * square + 0.02063786149f;
  p = p * square - 0.0537391565f;
  p = p * square + 0.1333143175f;
  p = p * square - 0.3333328128f;
  const float small = p * square * x + x;
  const float large = copysignf(1 - 2 / (m_exp(2 * size) + 1), x);
  return size < 0.625f ? small : large;
}

/// erfc of x >= 0; the relative error grows with x^2, from the rounding of x^2.
MNG_INLINE float m_erfc_positive(float x) {
  const float t = 1 / (1 + 0.5f * x);
  float p = -0.04556939093f;
  p = p * t + 0.2439767816f;
  p = p * t - 0.4379577237f;
  p = p * t + 0.2478012292f;
  p = p * t - 0.01724946695f;
  p = p * t + 0.201715499f;
  p = p * t + 0.2429056464f;
  p = p * t + 0.2824354215f;
  p = p * t + 0.2820821227f;
  return m_exp_negative(-x * x) * p * t;
}

MNG_INLINE float m_erf(float x) {
  const float size = fabsf(x), square = x * x;
  float p = 7.88249711e-5f;
  p = p * square - 0.0008018854993f;
  p = p * square + 0.005189311943f;
  p = p * square - 0.0268543288f;
  p = p * square + 0.1128359746f;
  p = p * square - 0.376126269f;
  p = p * square + 1.128379166f;
  const float small = p * x;
  const float large = copysignf(1 - m_erfc_positive(size), x);
  return size < 1 ? small : large;
}

/// x Phi(x) = max(x, 0) - |x| Phi(-|x|). The tail is 2^q: q is a polynomial as far as anything of
/// the tail is left beside 1, and a straight line from there.
MNG_INLINE float m_gelu_erf(float x) {
  const float size = fabsf(x), near = size < 6.5f ? size : 6.5f, all = size < 20 ? size : 20;
  float q = 4.14257678e-9f;
  q = q * near - 1.395326631e-7f;
  q = q * near + 2.101276395e-6f;
  q = q * near - 1.859323865e-5f;
  q = q * near + 0.0001043797358f;
  q = q * near - 0.0003421269925f;
  q = q * near + 8.415765259e-5f;
  q = q * near + 0.006881931002f;
  q = q * near - 0.05241532019f;
  q = q * near - 0.4592251693f;
  q = q * near - 1.151104022f;
  q = q * near - 1;
  q = q - (all - near) * 9.6f;
  const float shifted = q + 12582912.0f;
  const float r = q - (shifted - 12582912.0f);
  float p = 0.0001546736497f;
  p = p * r + 0.001340043217f;
  p = p * r + 0.009618035959f;
  p = p * r + 0.05550327214f;
  p = p * r + 0.2402265108f;
  p = p * r + 0.6931472067f;
  const float power = float_of_bits((bits_of_float(shifted) - 0x4B400000u + 127) << 23);
  const float tail = q < -126 ? 0 : p * r * power + power;
  return (x < 0 ? 0 : x) - all * tail;
}

MNG_INLINE float m_gelu_tanh(float x) {
  // (1 + tanh(u)) / 2 is sigmoid(2 u).
  const float u = 1.59576912f * (x + 0.044715f * x * x * x);
  const float e = m_exp_negative(-fabsf(u));
  return x == -INFINITY ? -0.0f : x * (u < 0 ? e : 1) / (1 + e);
}

MNG_INLINE float m_softplus(float x) {
  const float y = greater_of(x, 0) + m_log1p(m_exp(-fabsf(x)));
  return x != x ? x : y;
}

/// x tanh(softplus(x)): tanh(log(1 + e)) is e (e + 2) / (e (e + 2) + 2).
MNG_INLINE float m_mish(float x) {
  const float e = m_exp(x > 20 ? 20 : x), n = e * (e + 2);
  const float y = x * (n / (n + 2));
  return x > 20 ? x : x == -INFINITY ? -0.0f : y;
}

MNG_INLINE float m_silu(float x) { return x == -INFINITY ? -0.0f : x * m_sigmoid(x); }

#endif
