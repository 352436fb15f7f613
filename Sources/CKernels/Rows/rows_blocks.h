// Internal: the portable products by quantised blocks: a block is taken apart, and each group is
// one sum of integers.
#ifndef MNG_ROWS_BLOCKS_H
#define MNG_ROWS_BLOCKS_H

#include "rows.h"

#define MNG_ROWS_PORTABLE(type)                                                                 \
  MNG_INLINE void type##_sums_of(const type##_block *w, const mng_rows_x *x, float *sums,       \
                                 const size_t R) {                                              \
    enum { N = type##_elements, G = type##_group };                                             \
    const size_t k = x->k;                                                                      \
    float sum[4] = {0};                                                                         \
    int8_t q[N];                                                                                \
    float scale[N / G], addend[N / G];                                                          \
    for (size_t b = 0; b < k / N; b++) {                                                        \
      type##_unpack(w + b, q, scale, addend);                                                   \
      for (size_t r = 0; r < R; r++) {                                                          \
        const int16_t *codes = x->codes + r * k + b * N;                                        \
        const float *scales = x->scales + (r * k + b * N) / 32;                                 \
        const float *parts = x->sums + (r * k + b * N) / 16;                                    \
        for (int g = 0; g < N / G; g++) {                                                       \
          int32_t total = 0;                                                                    \
          for (int i = 0; i < G; i++) total += (int32_t)q[g * G + i] * codes[g * G + i];        \
          sum[r] += (float)total * (scale[g] * scales[g * G / 32]);                             \
          if (type##_addends)                                                                   \
            sum[r] += addend[g] * (G == 16 ? parts[g] : parts[2 * g] + parts[2 * g + 1]);       \
        }                                                                                       \
      }                                                                                         \
    }                                                                                           \
    for (size_t r = 0; r < R; r++) sums[r] = sum[r];                                            \
  }                                                                                             \
  MNG_INLINE void type##_portable_body(const void *weights, size_t outputs,                     \
                                       const mng_rows_x *x, size_t rows, float *sums) {         \
    const type##_block *w = weights;                                                            \
    for (size_t o = 0; o < outputs; o++) {                                                      \
      MNG_FOR_ROWS(type##_sums_of, rows, w + o * (x->k / type##_elements), x, sums + o * rows)  \
    }                                                                                           \
  }

#if defined(__x86_64__)
/// The function `name`: portable, or for AVX-512 `<type>_avx512_body`.
#define MNG_ROWS_SUMS_NAMED(type, name)                                                                     \
  static void type##_baseline(const void *weights, size_t outputs, const mng_rows_x *x,         \
                              size_t rows, float *sums) {                                       \
    type##_portable_body(weights, outputs, x, rows, sums);                                      \
  }                                                                                             \
  MNG_TARGET_AVX2 static void type##_avx2(const void *weights, size_t outputs,                  \
                                          const mng_rows_x *x, size_t rows, float *sums) {      \
    type##_portable_body(weights, outputs, x, rows, sums);                                      \
  }                                                                                             \
  MNG_TARGET_AVX512 static void type##_avx512(const void *weights, size_t outputs,              \
                                              const mng_rows_x *x, size_t rows, float *sums) {  \
    type##_avx512_body(weights, outputs, x, rows, sums);                                        \
  }                                                                                             \
  void name(const void *, size_t, const mng_rows_x *, size_t, float *);                         \
  void name(const void *weights, size_t outputs, const mng_rows_x *x, size_t rows,              \
            float *sums) {                                                                      \
    switch (mng_isa_current()) {                                                                \
      case MNG_ISA_AVX512:                                                                      \
        type##_avx512(weights, outputs, x, rows, sums);                                         \
        return;                                                                                 \
      case MNG_ISA_AVX2:                                                                        \
        type##_avx2(weights, outputs, x, rows, sums);                                           \
        return;                                                                                 \
      default:                                                                                  \
        type##_baseline(weights, outputs, x, rows, sums);                                       \
    }                                                                                           \
  }
#define MNG_ROWS_SUMS(type) MNG_ROWS_SUMS_NAMED(type, mng_rows_sums_##type)
#else
#define MNG_ROWS_SUMS(type)                                                                     \
  void mng_rows_sums_##type(const void *weights, size_t outputs, const mng_rows_x *x,           \
                            size_t rows, float *sums) {                                         \
    type##_portable_body(weights, outputs, x, rows, sums);                                      \
  }
#endif

#endif
