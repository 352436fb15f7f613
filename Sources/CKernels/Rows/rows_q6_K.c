#include "rows_avx512.h"

MNG_ROWS_PORTABLE(q6_K)

#if defined(__x86_64__)
AVX512_INLINE __m512i q6_K_weights(const q6_K_block *b, int j) {
  const __m256i low = _mm256_loadu_si256((const __m256i *)(b->ql + j / 4 * 64 + j % 2 * 32));
  const __m256i high = _mm256_loadu_si256((const __m256i *)(b->qh + j / 4 * 32));
  const __m256i four = j / 2 % 2 ? _mm256_srli_epi16(low, 4) : low;
  const __m256i two = j % 4 == 0   ? _mm256_slli_epi16(high, 4)
                      : j % 4 == 1 ? _mm256_slli_epi16(high, 2)
                      : j % 4 == 2 ? high
                                   : _mm256_srli_epi16(high, 2);
  const __m256i code = _mm256_or_si256(_mm256_and_si256(four, _mm256_set1_epi8(15)),
                                       _mm256_and_si256(two, _mm256_set1_epi8(48)));
  return _mm512_cvtepi8_epi16(_mm256_sub_epi8(code, _mm256_set1_epi8(32)));
}
AVX512_INLINE __m512 q6_K_scales(const q6_K_block *b, __m512 *addends) {
  *addends = _mm512_setzero_ps();
  const __m512i scales = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)b->scales));
  return _mm512_mul_ps(_mm512_cvtepi32_ps(scales), half_everywhere(b->d));
}
MNG_ROWS_AVX512_LARGE(q6_K)
#endif

MNG_ROWS_SUMS(q6_K)
