// Internal: products by blocks of nibbles in AVX-512 with VNNI. The codes of the input are two
// signed bytes each: the nibbles, unsigned bytes, are multiplied by the upper ones, the sums moved
// up by eight bits, and the products with the lower ones added. All of it is exact.
#ifndef MNG_ROWS_VNNI_H
#define MNG_ROWS_VNNI_H

#include "rows_avx512.h"

#if defined(__x86_64__)
#define MNG_TARGET_VNNI                                                                  \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni,avx2,fma,f16c," \
                        "bmi,bmi2")))
#define VNNI_INLINE MNG_TARGET_VNNI static inline __attribute__((always_inline))

/// Sums of four products of nibbles and codes, for 128 elements of which `low` and `high` are one
/// half each.
VNNI_INLINE __m512i vnni_sums(__m512i low, __m512i high, const int8_t *bytes) {
  __m512i sum = _mm512_setzero_si512();
  sum = _mm512_dpbusd_epi32(sum, low, _mm512_loadu_si512(bytes));
  sum = _mm512_dpbusd_epi32(sum, high, _mm512_loadu_si512(bytes + 64));
  sum = _mm512_slli_epi32(sum, 8);
  sum = _mm512_dpbusd_epi32(sum, low, _mm512_loadu_si512(bytes + 128));
  return _mm512_dpbusd_epi32(sum, high, _mm512_loadu_si512(bytes + 192));
}

/// The same for one half, which starts at `bytes`.
VNNI_INLINE __m512i vnni_half_sums(__m512i half, const int8_t *bytes) {
  __m512i sum = _mm512_setzero_si512();
  sum = _mm512_dpbusd_epi32(sum, half, _mm512_loadu_si512(bytes));
  sum = _mm512_slli_epi32(sum, 8);
  return _mm512_dpbusd_epi32(sum, half, _mm512_loadu_si512(bytes + 128));
}

VNNI_INLINE __m512i four_times_16(const uint8_t *p, size_t step) {
  const __m128i *a = (const __m128i *)p, *b = (const __m128i *)(p + step);
  const __m128i *c = (const __m128i *)(p + 2 * step), *d = (const __m128i *)(p + 3 * step);
  __m512i all = _mm512_castsi128_si512(_mm_loadu_si128(a));
  all = _mm512_inserti32x4(all, _mm_loadu_si128(b), 1);
  all = _mm512_inserti32x4(all, _mm_loadu_si128(c), 2);
  return _mm512_inserti32x4(all, _mm_loadu_si128(d), 3);
}

/// Types of 32 nibbles a block, four blocks at a time, from
/// `__m128 type##_scales_of_4(block, __m128 *addends)`; what is left of a row goes through
/// `type##_weights`, `SCALE` and `type##_vnni_addend`.
#define MNG_ROWS_VNNI_SMALL(type, SCALE)                                                         \
  VNNI_INLINE void type##_vnni_tile(const type##_block *w, size_t streams, const mng_rows_x *x,  \
                                    float *sums, const size_t R) {                               \
    const size_t blocks = x->k / 32, batches = blocks / 4;                                       \
    const __m512i places = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);     \
    const __m512i fifteen = _mm512_set1_epi8(15);                                                \
    __m512 sum[STREAMS][4];                                                                      \
    __m128 rest[STREAMS][4];                                                                     \
    MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) MNG_UNROLL for (size_t r = 0; r < R; r++) {  \
      sum[s][r] = _mm512_setzero_ps();                                                           \
      rest[s][r] = _mm_setzero_ps();                                                             \
    }                                                                                            \
    const size_t next = streams > 1 ? blocks : 0;                                                \
    const size_t ahead = mng_rows_ahead(blocks * sizeof(type##_block), STREAMS);                 \
    for (size_t t = 0; t < batches; t++) {                                                       \
      MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) {                                          \
        const type##_block *block = w + s * next + 4 * t;                                        \
        const __m512i all = four_times_16(block->qs, sizeof(type##_block));                      \
        const __m512i low = _mm512_and_si512(all, fifteen);                                      \
        const __m512i high = _mm512_and_si512(_mm512_srli_epi16(all, 4), fifteen);               \
        __m128 addends;                                                                          \
        const __m128 scales = type##_scales_of_4(block, &addends);                               \
        MNG_PREFETCH((const char *)block + ahead);                                               \
        MNG_PREFETCH((const char *)block + ahead + 64);                                          \
        MNG_UNROLL for (size_t r = 0; r < R; r++) {                                              \
          const size_t at = r * blocks + 4 * t;                                                  \
          const __m128 each = _mm_mul_ps(scales, _mm_loadu_ps(x->scales + at));                  \
          const __m512i products = vnni_sums(low, high, x->bytes + (r * batches + t) * 256);     \
          sum[s][r] = _mm512_fmadd_ps(                                                           \
              _mm512_cvtepi32_ps(products),                                                      \
              _mm512_permutexvar_ps(places, _mm512_castps128_ps512(each)), sum[s][r]);           \
          rest[s][r] = _mm_fmadd_ps(addends, _mm_loadu_ps(x->totals + at), rest[s][r]);          \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
    for (size_t b = 4 * batches; b < blocks; b++) {                                              \
      MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) {                                          \
        const type##_block *block = w + s * next + b;                                            \
        const __m512i weights = type##_weights(block);                                           \
        const __m512 scale = SCALE(block);                                                       \
        MNG_UNROLL for (size_t r = 0; r < R; r++) {                                              \
          const size_t at = r * blocks + b;                                                      \
          sum[s][r] = _mm512_fmadd_ps(products(weights, codes_of(x, r, b * 32)),                 \
                                      _mm512_mul_ps(scale, _mm512_set1_ps(x->scales[at])),       \
                                      sum[s][r]);                                                \
          if (type##_addends)                                                                    \
            rest[s][r] = _mm_add_ss(                                                             \
                rest[s][r], _mm_set_ss(type##_addend(block) * x->totals[at]));                   \
        }                                                                                        \
      }                                                                                          \
    }                                                                                            \
    for (size_t s = 0; s < streams; s++)                                                         \
      MNG_UNROLL for (size_t r = 0; r < R; r++) {                                                \
        const __m128 half = _mm_add_ps(rest[s][r], _mm_movehl_ps(rest[s][r], rest[s][r]));       \
        sums[s * R + r] = _mm512_reduce_add_ps(sum[s][r]) +                                      \
                          _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));                \
      }                                                                                          \
  }                                                                                              \
  MNG_ROWS_VNNI_BODY(type)

#define MNG_ROWS_VNNI_BODY(type)                                                                 \
  MNG_TARGET_VNNI static void type##_vnni(const void *weights, size_t outputs,                   \
                                          const mng_rows_x *x, size_t rows, float *sums) {       \
    const type##_block *w = weights;                                                             \
    const size_t row = x->k / type##_elements;                                                   \
    for (size_t o = 0; o < outputs; o += STREAMS) {                                              \
      const size_t streams = mng_min(STREAMS, outputs - o);                                      \
      MNG_FOR_ROWS(type##_vnni_tile, rows, w + o * row, streams, x, sums + o * rows)             \
    }                                                                                            \
  }

/// Defines the product for every instruction set, with VNNI where the processor has it.
#define MNG_ROWS_SUMS_VNNI(type)                                                                 \
  MNG_ROWS_SUMS_NAMED(type, type##_elsewhere)                                                    \
  void mng_rows_sums_##type(const void *weights, size_t outputs, const mng_rows_x *x,            \
                            size_t rows, float *sums) {                                          \
    if (mng_isa_current() == MNG_ISA_AVX512 && __builtin_cpu_supports("avx512vnni"))             \
      type##_vnni(weights, outputs, x, rows, sums);                                              \
    else                                                                                         \
      type##_elsewhere(weights, outputs, x, rows, sums);                                         \
  }
#else
#define MNG_ROWS_SUMS_VNNI(type) MNG_ROWS_SUMS(type)
#endif

#endif
