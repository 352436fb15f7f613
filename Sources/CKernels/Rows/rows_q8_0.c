#include "rows_avx512.h"

MNG_ROWS_PORTABLE(q8_0)

#if defined(__x86_64__)
AVX512_INLINE __m512i q8_0_weights(const q8_0_block *b) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)b->qs));
}
#define SCALE(b) half_everywhere((b)->d)
#define q8_0_addend(b) 0
MNG_ROWS_AVX512_SMALL(q8_0, SCALE)
#endif

MNG_ROWS_SUMS(q8_0)
