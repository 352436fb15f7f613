#include "rows_avx512.h"

MNG_ROWS_PORTABLE(q5_0)

#if defined(__x86_64__)
AVX512_INLINE __m512i q5_0_weights(const q5_0_block *b) {
  uint32_t top;
  memcpy(&top, b->qh, 4);
  // What lacks the fifth bit is 16 below.
  const __m256i low = nibbles(b->qs);
  return _mm512_cvtepi8_epi16(
      _mm256_mask_sub_epi8(low, (__mmask32)~top, low, _mm256_set1_epi8(16)));
}
#define SCALE(b) half_everywhere((b)->d)
#define q5_0_addend(b) 0
MNG_ROWS_AVX512_SMALL(q5_0, SCALE)
#endif

MNG_ROWS_SUMS(q5_0)
