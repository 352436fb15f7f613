// 14 rows by 32 columns: 28 accumulators, two of the panel, one broadcast, of 32 registers.
#include "gemm_bf16.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "mng_variants.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512bf16")))
#define FOR_ROWS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13)
#define FOR_COUNTS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)

// Accumulators are named variables: clang keeps an array of them in memory.
#define DECLARE(i) __m512 s##i##_0 = _mm512_setzero_ps(), s##i##_1 = s##i##_0;
#define STEP(i)                                                \
  if (mr > i) {                                                \
    const __m512bh x = (__m512bh)_mm512_set1_epi32((int)a[i]); \
    s##i##_0 = _mm512_dpbf16_ps(s##i##_0, x, b0);              \
    s##i##_1 = _mm512_dpbf16_ps(s##i##_1, x, b1);              \
  }
#define FINISH(i)                                                                          \
  if (mr > i) {                                                                            \
    float *out = y + i * y_stride;                                                         \
    if (adds) {                                                                            \
      s##i##_0 = _mm512_add_ps(_mm512_maskz_loadu_ps(tail0, out), s##i##_0);               \
      s##i##_1 = _mm512_add_ps(_mm512_maskz_loadu_ps(tail1, out + 16), s##i##_1);          \
    }                                                                                      \
    _mm512_mask_storeu_ps(out, tail0, s##i##_0);                                           \
    _mm512_mask_storeu_ps(out + 16, tail1, s##i##_1);                                      \
  }

TARGET MNG_INLINE void tile_body(const size_t mr, const uint32_t *a, size_t pairs,
                                 const uint16_t *b, bool adds, float *y, size_t y_stride,
                                 size_t columns) {
  const __mmask16 tail0 = columns >= 16 ? 0xFFFF : (__mmask16)((1u << columns) - 1);
  const __mmask16 tail1 = columns <= 16 ? 0 : (__mmask16)((1u << (columns - 16)) - 1);
  FOR_ROWS(DECLARE)
  for (size_t p = 0; p < pairs; p++) {
    const __m512bh b0 = (__m512bh)_mm512_loadu_si512(b);
    const __m512bh b1 = (__m512bh)_mm512_loadu_si512(b + MNG_GEMM_BF16_PANEL);
    FOR_ROWS(STEP)
    a += mr;
    b += 2 * MNG_GEMM_BF16_PANEL;
  }
  FOR_ROWS(FINISH)
}

#define CASE(MR)                                               \
  case MR:                                                     \
    tile_body(MR, a, pairs, b, adds, y, y_stride, columns);    \
    return;

TARGET void mng_gemm_bf16_tile_avx512(const uint32_t *a, size_t count, size_t pairs,
                                      const uint16_t *b, bool adds, float *y, size_t y_stride,
                                      size_t columns) {
  switch (count) { FOR_COUNTS(CASE) }
}
#endif
