#include "rows_vnni.h"

MNG_ROWS_PORTABLE(q4_0)

#if defined(__x86_64__)
AVX512_INLINE __m512i q4_0_weights(const q4_0_block *b) {
  return _mm512_cvtepi8_epi16(_mm256_sub_epi8(nibbles(b->qs), _mm256_set1_epi8(8)));
}
#define SCALE(b) half_everywhere((b)->d)
#define q4_0_addend(b) 0
MNG_ROWS_AVX512_SMALL(q4_0, SCALE)

VNNI_INLINE __m128 q4_0_scales_of_4(const q4_0_block *b, __m128 *addends) {
  uint16_t d[4];
  for (int i = 0; i < 4; i++) memcpy(d + i, b[i].d, 2);
  const __m128 scales =
      _mm_cvtph_ps(_mm_set_epi16(0, 0, 0, 0, (short)d[3], (short)d[2], (short)d[1], (short)d[0]));
  *addends = _mm_mul_ps(scales, _mm_set1_ps(-8));
  return scales;
}
MNG_ROWS_VNNI_SMALL(q4_0, SCALE)
#endif

MNG_ROWS_SUMS_VNNI(q4_0)
