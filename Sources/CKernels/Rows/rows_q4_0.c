#include "rows_vnni.h"

MNG_ROWS_PORTABLE(q4_0)

#if defined(__x86_64__)
AVX512_INLINE __m512i q4_0_weights(const q4_0_block *b) {
  return _mm512_cvtepi8_epi16(_mm256_sub_epi8(nibbles(b->qs), _mm256_set1_epi8(8)));
}
#define SCALE(b) half_everywhere((b)->d)
#define q4_0_addend(b) 0
MNG_ROWS_AVX512_SMALL(q4_0, SCALE)

MNG_ROWS_VNNI_SMALL(q4_0)
#endif

MNG_ROWS_SUMS_VNNI(q4_0, MNG_Q4_0)
