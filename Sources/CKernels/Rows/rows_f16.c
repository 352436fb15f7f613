#include "rows_narrow.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Statements rather than functions: vectors as results depend on the target.
#define WIDEN(p, first, second)                                                \
  do {                                                                         \
    MNG_UNROLL for (int l = 0; l < 16; l++)(first)[l] = from_f16((p)[l]);       \
    MNG_UNROLL for (int l = 0; l < 16; l++)(second)[l] = from_f16((p)[l + 16]); \
  } while (0)

MNG_ROWS_NARROW(portable, WIDEN, from_f16)

#if defined(__x86_64__)
#define WIDEN_512(p, first, second)                                         \
  do {                                                                      \
    const __m512i all_ = _mm512_loadu_si512(p);                             \
    (first) = (mng_f32x16)_mm512_cvtph_ps(_mm512_castsi512_si256(all_));    \
    (second) = (mng_f32x16)_mm512_cvtph_ps(_mm512_extracti64x4_epi64(all_, 1)); \
  } while (0)
#define EIGHT(p) ((mng_f32x8)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p))))
#define SIXTEEN(p)                                                                                \
  __builtin_shufflevector(EIGHT(p), EIGHT((p) + 8), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, \
                          14, 15)
#define WIDEN_256(p, first, second)           \
  do {                                        \
    (first) = (mng_f32x16)SIXTEEN(p);         \
    (second) = (mng_f32x16)SIXTEEN((p) + 16); \
  } while (0)

#undef MNG_INLINE
#define MNG_INLINE MNG_TARGET_AVX512 static inline __attribute__((always_inline))
MNG_ROWS_NARROW(avx512, WIDEN_512, _cvtsh_ss)
#undef MNG_INLINE
#define MNG_INLINE MNG_TARGET_AVX2 static inline __attribute__((always_inline))
MNG_ROWS_NARROW(avx2, WIDEN_256, _cvtsh_ss)

MNG_TARGET_AVX512 static void f16_avx512(const void *weights, size_t outputs, const mng_rows_x *x,
                                         size_t rows, float *sums) {
  avx512_body(weights, outputs, x, rows, sums);
}
MNG_TARGET_AVX2 static void f16_avx2(const void *weights, size_t outputs, const mng_rows_x *x,
                                     size_t rows, float *sums) {
  avx2_body(weights, outputs, x, rows, sums);
}
#endif

void mng_rows_sums_f16(const void *weights, size_t outputs, const mng_rows_x *x, size_t rows,
                       float *sums) {
#if defined(__x86_64__)
  switch (mng_isa_current()) {
    case MNG_ISA_AVX512:
      f16_avx512(weights, outputs, x, rows, sums);
      return;
    case MNG_ISA_AVX2:
      f16_avx2(weights, outputs, x, rows, sums);
      return;
    default:
      break;
  }
#endif
  portable_body(weights, outputs, x, rows, sums);
}
