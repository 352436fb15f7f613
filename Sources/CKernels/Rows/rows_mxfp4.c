#include "rows_avx512.h"

MNG_ROWS_PORTABLE(mxfp4)

#if defined(__x86_64__)
AVX512_INLINE __m512i mxfp4_weights(const mxfp4_block *b) {
  const __m256i table =
      _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)mng_mxfp4_values));
  return _mm512_cvtepi8_epi16(_mm256_shuffle_epi8(table, nibbles(b->qs)));
}
#define SCALE(b) _mm512_set1_ps(mng_half_of_e8m0((b)->e))
#define mxfp4_addend(b) 0
MNG_ROWS_AVX512_SMALL(mxfp4, SCALE)
#endif

MNG_ROWS_SUMS(mxfp4)
