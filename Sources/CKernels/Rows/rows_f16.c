#include "rows_narrow.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Statement expressions rather than functions: vectors as results depend on the target.
#define WIDEN(p)                                                      \
  ({                                                                  \
    mng_f32x16 wide;                                                  \
    MNG_UNROLL for (int l = 0; l < 16; l++) wide[l] = from_f16((p)[l]); \
    wide;                                                             \
  })

MNG_ROWS_NARROW(portable, WIDEN, from_f16)

#if defined(__x86_64__)
#define WIDEN_512(p) \
  ((mng_f32x16)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(p))))
#define WIDEN_256(p)                                                                             \
  ({                                                                                             \
    typedef float half_lanes __attribute__((ext_vector_type(8)));                                \
    const half_lanes low = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p))); \
    const half_lanes high =                                                                      \
        _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)((p) + 8)));              \
    (mng_f32x16) __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,    \
                                         13, 14, 15);                                            \
  })

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
