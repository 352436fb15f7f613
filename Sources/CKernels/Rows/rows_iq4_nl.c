#include "rows_avx512.h"

MNG_ROWS_PORTABLE(iq4_nl)

#if defined(__x86_64__)
AVX512_INLINE __m512i iq4_nl_weights(const iq4_nl_block *b) {
  const __m256i table =
      _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)mng_iq4_nl_values));
  return _mm512_cvtepi8_epi16(_mm256_shuffle_epi8(table, nibbles(b->qs)));
}
#define SCALE(b) half_everywhere((b)->d)
#define iq4_nl_addend(b) 0
MNG_ROWS_AVX512_SMALL(iq4_nl, SCALE)
#endif

MNG_ROWS_SUMS(iq4_nl)
