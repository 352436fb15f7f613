#include "rows_avx512.h"

MNG_ROWS_PORTABLE(q3_K)

#if defined(__x86_64__)
AVX512_INLINE __m512i q3_K_weights(const q3_K_block *b, int j) {
  const __m256i bytes = _mm256_loadu_si256((const __m256i *)(b->qs + j / 4 * 32));
  const __m256i top = _mm256_loadu_si256((const __m256i *)b->hmask);
  const __m256i moved = _mm256_srli_epi16(bytes, 2 * (j % 4));
  const __m256i low = _mm256_and_si256(moved, _mm256_set1_epi8(3));
  const __mmask32 lacks = _mm256_testn_epi8_mask(top, _mm256_set1_epi8((char)(1 << j)));
  return _mm512_cvtepi8_epi16(_mm256_mask_sub_epi8(low, lacks, low, _mm256_set1_epi8(4)));
}
AVX512_INLINE __m512 q3_K_scales(const q3_K_block *b, __m512 *addends) {
  *addends = _mm512_setzero_ps();
  uint64_t low;
  uint32_t high;
  memcpy(&low, b->scales, 8);
  memcpy(&high, b->scales + 8, 4);
  const uint64_t four = 0x0F0F0F0F0F0F0F0Full;
  const uint32_t two = 0x30303030u;
  const uint64_t top_first = (high << 4 & two) | (uint64_t)(high << 2 & two) << 32;
  const uint64_t top_second = (high & two) | (uint64_t)(high >> 2 & two) << 32;
  const __m128i codes = _mm_set_epi64x((int64_t)((low >> 4 & four) | top_second),
                                       (int64_t)((low & four) | top_first));
  const __m512i scales = _mm512_sub_epi32(_mm512_cvtepu8_epi32(codes), _mm512_set1_epi32(32));
  return _mm512_mul_ps(_mm512_cvtepi32_ps(scales), half_everywhere(b->d));
}
MNG_ROWS_AVX512_LARGE(q3_K)
#endif

MNG_ROWS_SUMS(q3_K)
