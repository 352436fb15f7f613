// Internal: the eight 6-bit scales and minima of Q4_K and Q5_K, each twice over, in AVX-512.
#ifndef MNG_SCALES_6_H
#define MNG_SCALES_6_H

#include "rows_vnni.h"

#if defined(__x86_64__)
/// Eight bytes as floats, each of them twice.
AVX512_INLINE __m512 doubled(uint64_t bytes) {
  const __m128i eight = _mm_cvtsi64_si128((int64_t)bytes);
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_unpacklo_epi8(eight, eight)));
}

/// The scales' bytes; the minima's are `*minima`.
AVX512_INLINE uint64_t bytes_of_scales_6(const uint8_t *packed, uint64_t *minima) {
  uint32_t a, b, c;
  memcpy(&a, packed, 4);
  memcpy(&b, packed + 4, 4);
  memcpy(&c, packed + 8, 4);
  const uint32_t high_scales = (c & 0x0F0F0F0Fu) | (a >> 2 & 0x30303030u);
  const uint32_t high_minima = (c >> 4 & 0x0F0F0F0Fu) | (b >> 2 & 0x30303030u);
  *minima = (b & 0x3F3F3F3Fu) | (uint64_t)high_minima << 32;
  return (a & 0x3F3F3F3Fu) | (uint64_t)high_scales << 32;
}

AVX512_INLINE __m512 scales_6(const uint8_t *packed, float d, float dmin, __m512 *addends) {
  uint64_t minima;
  const uint64_t scales = bytes_of_scales_6(packed, &minima);
  *addends = _mm512_mul_ps(doubled(minima), _mm512_set1_ps(-dmin));
  return _mm512_mul_ps(doubled(scales), _mm512_set1_ps(d));
}
#endif
#endif
