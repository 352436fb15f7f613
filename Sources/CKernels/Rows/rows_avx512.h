// Internal: products by quantised blocks in AVX-512. 32 weights are 16-bit integers in one vector;
// with 32 codes of the input they make 16 sums of two products, exact in float32.
#ifndef MNG_ROWS_AVX512_H
#define MNG_ROWS_AVX512_H

#include "rows_blocks.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Rows of weights that are read at the same time.
enum { STREAMS = 2 };

#define AVX512_INLINE MNG_TARGET_AVX512 static inline __attribute__((always_inline))

AVX512_INLINE __m512 half_everywhere(const uint8_t *p) {
  uint16_t bits;
  memcpy(&bits, p, 2);
  return _mm512_cvtph_ps(_mm256_set1_epi16((int16_t)bits));
}

AVX512_INLINE float half_of(const uint8_t *p) {
  uint16_t bits;
  memcpy(&bits, p, 2);
  return _cvtsh_ss(bits);
}

/// The low nibbles of 16 bytes, then the high ones.
AVX512_INLINE __m256i nibbles(const uint8_t *p) {
  const __m128i bytes = _mm_loadu_si128((const __m128i *)p);
  const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(bytes),
                                               _mm_srli_epi16(bytes, 4), 1);
  return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

AVX512_INLINE __m512i codes_of(const mng_rows_x *x, size_t r, size_t at) {
  return _mm512_loadu_si512(x->codes + r * x->k + at);
}

AVX512_INLINE __m512 products(__m512i w, __m512i x) {
  return _mm512_cvtepi32_ps(_mm512_madd_epi16(w, x));
}

/// Types of 32 elements a block, from `__m512i type##_weights(block)`; with addends, from
/// `float type##_addend(block)`.
#define MNG_ROWS_AVX512_SMALL(type, SCALE)                                                       \
  AVX512_INLINE void type##_avx512_tile(const type##_block *w, size_t streams,                   \
                                        const mng_rows_x *x, float *sums, const size_t R) {      \
    const size_t blocks = x->k / 32;                                                             \
    __m512 sum[STREAMS][4];                                                                      \
    float rest[STREAMS][4];                                                                      \
    MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) MNG_UNROLL for (size_t r = 0; r < R; r++) {  \
      sum[s][r] = _mm512_setzero_ps();                                                           \
      rest[s][r] = 0;                                                                            \
    }                                                                                            \
    const size_t next = streams > 1 ? blocks : 0;                                                \
    const size_t ahead = mng_rows_ahead(blocks * sizeof(type##_block), STREAMS);                 \
    for (size_t b = 0; b < blocks; b++) {                                                        \
      MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) {                                          \
        const type##_block *block = w + s * next + b;                                            \
        const __m512i weights = type##_weights(block);                                           \
        MNG_ASK(x, (const char *)block + ahead);                                                 \
        const __m512 scale = SCALE(block);                                                       \
        MNG_UNROLL for (size_t r = 0; r < R; r++) {                                              \
          const float *scales = x->scales + r * blocks + b;                                      \
          sum[s][r] = _mm512_fmadd_ps(products(weights, codes_of(x, r, b * 32)),                 \
                                      _mm512_mul_ps(scale, _mm512_set1_ps(*scales)), sum[s][r]); \
          if (type##_addends) {                                                                  \
            rest[s][r] += type##_addend(block) * x->totals[r * blocks + b];                      \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
    for (size_t s = 0; s < streams; s++)                                                         \
      MNG_UNROLL for (size_t r = 0; r < R; r++)                                                  \
        sums[s * R + r] = _mm512_reduce_add_ps(sum[s][r]) + rest[s][r];                          \
  }                                                                                              \
  MNG_ROWS_AVX512_BODY(type)

/// Types of 256 elements a block, from `__m512i type##_weights(block, group of 32)` and
/// `__m512 type##_scales(block, float *addends)`, a scale and an addend for each 16.
#define MNG_ROWS_AVX512_LARGE(type)                                                              \
  AVX512_INLINE void type##_avx512_tile(const type##_block *w, size_t streams,                   \
                                        const mng_rows_x *x, float *sums, const size_t R) {      \
    const size_t blocks = x->k / 256;                                                            \
    __m512 sum[STREAMS][4], rest[STREAMS][4];                                                    \
    MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) MNG_UNROLL for (size_t r = 0; r < R; r++) {  \
      sum[s][r] = _mm512_setzero_ps();                                                           \
      rest[s][r] = _mm512_setzero_ps();                                                          \
    }                                                                                            \
    const __m512i pairs = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);      \
    const __m512i halves = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);     \
    const size_t next = streams > 1 ? blocks : 0;                                                \
    const size_t ahead = mng_rows_ahead(blocks * sizeof(type##_block), STREAMS);                 \
    for (size_t b = 0; b < blocks; b++) {                                                        \
      MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) {                                          \
        const type##_block *block = w + s * next + b;                                            \
        __m512 addends, scales = type##_scales(block, &addends), each[4];                        \
        MNG_UNROLL for (size_t at = 0; at < sizeof(type##_block); at += 64)                      \
          MNG_ASK(x, (const char *)block + ahead + at);                                          \
        MNG_UNROLL for (size_t r = 0; r < R; r++) {                                              \
          const __m512 own = _mm512_castps256_ps512(                                             \
              _mm256_loadu_ps(x->scales + (r * blocks + b) * 8));                                \
          each[r] = _mm512_mul_ps(scales, _mm512_permutexvar_ps(pairs, own));                    \
          if (type##_addends)                                                                    \
            rest[s][r] = _mm512_fmadd_ps(                                                        \
                addends, _mm512_loadu_ps(x->sums + (r * blocks + b) * 16), rest[s][r]);          \
        }                                                                                        \
        MNG_UNROLL for (int j = 0; j < 8; j++) {                                                 \
          const __m512i weights = type##_weights(block, j);                                      \
          const __m512i places = _mm512_add_epi32(halves, _mm512_set1_epi32(2 * j));             \
          MNG_UNROLL for (size_t r = 0; r < R; r++) {                                            \
            sum[s][r] = _mm512_fmadd_ps(                                                         \
                products(weights, codes_of(x, r, b * 256 + (size_t)j * 32)),                     \
                _mm512_permutexvar_ps(places, each[r]), sum[s][r]);                              \
          }                                                                                      \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
    for (size_t s = 0; s < streams; s++)                                                         \
      MNG_UNROLL for (size_t r = 0; r < R; r++)                                                  \
        sums[s * R + r] =                                                                        \
            _mm512_reduce_add_ps(type##_addends ? _mm512_add_ps(sum[s][r], rest[s][r])           \
                                                : sum[s][r]);                                    \
  }                                                                                              \
  MNG_ROWS_AVX512_BODY(type)

#define MNG_ROWS_AVX512_BODY(type)                                                               \
  AVX512_INLINE void type##_avx512_body(const void *weights, size_t outputs,                     \
                                        const mng_rows_x *x, size_t rows, float *sums) {         \
    const type##_block *w = weights;                                                             \
    const size_t row = x->k / type##_elements;                                                   \
    for (size_t o = 0; o < outputs; o += STREAMS) {                                              \
      const size_t streams = mng_min(STREAMS, outputs - o);                                      \
      MNG_FOR_ROWS(type##_avx512_tile, rows, w + o * row, streams, x, sums + o * rows)           \
    }                                                                                            \
  }

#endif
#endif
