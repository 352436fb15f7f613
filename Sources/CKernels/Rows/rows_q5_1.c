#include "rows_avx512.h"

MNG_ROWS_PORTABLE(q5_1)

#if defined(__x86_64__)
AVX512_INLINE __m512i q5_1_weights(const q5_1_block *b) {
  uint32_t top;
  memcpy(&top, b->qh, 4);
  const __m256i low = nibbles(b->qs);
  return _mm512_cvtepu8_epi16(_mm256_mask_add_epi8(low, (__mmask32)top, low, _mm256_set1_epi8(16)));
}
#define SCALE(b) half_everywhere((b)->d)
#define q5_1_addend(b) half_of((b)->m)
MNG_ROWS_AVX512_SMALL(q5_1, SCALE)
#endif

MNG_ROWS_SUMS(q5_1)
