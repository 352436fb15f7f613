#include "scales_6.h"

MNG_ROWS_PORTABLE(q5_K)

#if defined(__x86_64__)
AVX512_INLINE __m512i q5_K_weights(const q5_K_block *b, int j) {
  const __m256i bytes = _mm256_loadu_si256((const __m256i *)(b->qs + j / 2 * 32));
  const __m256i top = _mm256_loadu_si256((const __m256i *)b->qh);
  const __m256i moved = j % 2 ? _mm256_srli_epi16(bytes, 4) : bytes;
  const __m256i low = _mm256_and_si256(moved, _mm256_set1_epi8(15));
  const __mmask32 high = _mm256_test_epi8_mask(top, _mm256_set1_epi8((char)(1 << j)));
  return _mm512_cvtepu8_epi16(_mm256_mask_add_epi8(low, high, low, _mm256_set1_epi8(16)));
}
AVX512_INLINE __m512 q5_K_scales(const q5_K_block *b, __m512 *addends) {
  return scales_6(b->scales, half_of(b->d), half_of(b->dmin), addends);
}
MNG_ROWS_AVX512_LARGE(q5_K)
#endif

MNG_ROWS_SUMS(q5_K)
