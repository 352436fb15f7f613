#include "rows_vnni.h"

MNG_ROWS_PORTABLE(q4_1)

#if defined(__x86_64__)
AVX512_INLINE __m512i q4_1_weights(const q4_1_block *b) {
  return _mm512_cvtepu8_epi16(nibbles(b->qs));
}
#define SCALE(b) half_everywhere((b)->d)
#define q4_1_addend(b) half_of((b)->m)
MNG_ROWS_AVX512_SMALL(q4_1, SCALE)

VNNI_INLINE __m128 q4_1_scales_of_4(const q4_1_block *b, __m128 *addends) {
  int32_t dm[4];
  for (int i = 0; i < 4; i++) memcpy(dm + i, b[i].d, 4);
  const __m256 both = _mm256_cvtph_ps(_mm_set_epi32(dm[3], dm[2], dm[1], dm[0]));
  const __m128 low = _mm256_castps256_ps128(both), high = _mm256_extractf128_ps(both, 1);
  *addends = _mm_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1));
  return _mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0));
}
MNG_ROWS_VNNI_SMALL(q4_1, SCALE)
#endif

MNG_ROWS_SUMS_VNNI(q4_1)
