#include "rows_vnni.h"

MNG_ROWS_PORTABLE(q4_1)

#if defined(__x86_64__)
AVX512_INLINE __m512i q4_1_weights(const q4_1_block *b) {
  return _mm512_cvtepu8_epi16(nibbles(b->qs));
}
#define SCALE(b) half_everywhere((b)->d)
#define q4_1_addend(b) half_of((b)->m)
MNG_ROWS_AVX512_SMALL(q4_1, SCALE)

MNG_ROWS_VNNI_SMALL(q4_1)
#endif

MNG_ROWS_SUMS_VNNI(q4_1, MNG_Q4_1)
