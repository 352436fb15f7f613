#include "rows_avx512.h"

MNG_ROWS_PORTABLE(q2_K)

#if defined(__x86_64__)
AVX512_INLINE __m512i q2_K_weights(const q2_K_block *b, int j) {
  const __m256i bytes = _mm256_loadu_si256((const __m256i *)(b->qs + j / 4 * 32));
  const __m256i moved = _mm256_srli_epi16(bytes, 2 * (j % 4));
  return _mm512_cvtepu8_epi16(_mm256_and_si256(moved, _mm256_set1_epi8(3)));
}
AVX512_INLINE __m512 q2_K_scales(const q2_K_block *b, __m512 *addends) {
  const __m128i both = _mm_loadu_si128((const __m128i *)b->scales), four = _mm_set1_epi8(15);
  const __m512i scales = _mm512_cvtepu8_epi32(_mm_and_si128(both, four));
  const __m512i minima = _mm512_cvtepu8_epi32(_mm_and_si128(_mm_srli_epi16(both, 4), four));
  *addends = _mm512_mul_ps(_mm512_cvtepi32_ps(minima), _mm512_set1_ps(-half_of(b->dmin)));
  return _mm512_mul_ps(_mm512_cvtepi32_ps(scales), half_everywhere(b->d));
}
MNG_ROWS_AVX512_LARGE(q2_K)
#endif

MNG_ROWS_SUMS(q2_K)
