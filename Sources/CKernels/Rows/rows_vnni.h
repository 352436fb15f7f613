// Internal: products by blocks of nibbles in AVX-512 with VNNI. The codes of the input are two
// signed bytes each: the nibbles, unsigned bytes, are multiplied by the upper ones, the sums moved
// up by eight bits, and the products with the lower ones added. All of it is exact.
#ifndef MNG_ROWS_VNNI_H
#define MNG_ROWS_VNNI_H

#include "rows_avx512.h"

#if defined(__x86_64__)
#define MNG_TARGET_VNNI                                                                  \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx512vnni,avx512vbmi," \
                        "avx2,fma,f16c,bmi,bmi2")))
#define VNNI_INLINE MNG_TARGET_VNNI static inline __attribute__((always_inline))

/// Sums of four products of nibbles and codes, for the 128 elements of a part, of which `low` and
/// `high` are one half each.
VNNI_INLINE __m512i vnni_sums(__m512i low, __m512i high, const mng_rows_part *x) {
  __m512i sum = _mm512_setzero_si512();
  sum = _mm512_dpbusd_epi32(sum, low, _mm512_loadu_si512(x->upper));
  sum = _mm512_dpbusd_epi32(sum, high, _mm512_loadu_si512(x->upper + 64));
  sum = _mm512_slli_epi32(sum, 8);
  sum = _mm512_dpbusd_epi32(sum, low, _mm512_loadu_si512(x->lower));
  return _mm512_dpbusd_epi32(sum, high, _mm512_loadu_si512(x->lower + 64));
}

/// As `vnni_sums`, for one half, 0 or 1.
VNNI_INLINE __m512i vnni_half_sums(__m512i nibbles, const mng_rows_part *x, int half) {
  __m512i sum = _mm512_setzero_si512();
  sum = _mm512_dpbusd_epi32(sum, nibbles, _mm512_loadu_si512(x->upper + 64 * half));
  sum = _mm512_slli_epi32(sum, 8);
  return _mm512_dpbusd_epi32(sum, nibbles, _mm512_loadu_si512(x->lower + 64 * half));
}

/// As `vnni_sums`, by signed weights: it is the codes' upper bytes that are made unsigned, by adding 128, and what that
/// adds is taken away.
VNNI_INLINE __m512i vnni_signed_sums(__m512i low, __m512i high, const mng_rows_part *x) {
  const __m512i middle = _mm512_set1_epi8((char)128);
  __m512i sum = _mm512_setzero_si512(), more = _mm512_setzero_si512();
  sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(x->upper), low);
  sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(x->upper + 64), high);
  more = _mm512_dpbusd_epi32(_mm512_dpbusd_epi32(more, middle, low), middle, high);
  sum = _mm512_slli_epi32(_mm512_sub_epi32(sum, more), 8);
  sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(x->lower), low);
  return _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(x->lower + 64), high);
}

/// The first bytes of four blocks and the last ones, 64 each; zeros where there are fewer blocks.
typedef struct four_blocks {
  __m512i first, last;
} four_blocks;

VNNI_INLINE four_blocks read_blocks(const void *from, size_t block, size_t count) {
  const char *p = from;
  const size_t skipped = 4 * block - 64;
  if (count == 4) return (four_blocks){_mm512_loadu_si512(p), _mm512_loadu_si512(p + skipped)};
  const size_t bytes = count * block;
  const __mmask64 first = _bzhi_u64(~0ull, (unsigned)mng_min(bytes, 64));
  const __mmask64 last = _bzhi_u64(~0ull, (unsigned)(bytes > skipped ? bytes - skipped : 0));
  return (four_blocks){_mm512_maskz_loadu_epi8(first, p),
                       _mm512_maskz_loadu_epi8(last, p + skipped)};
}

/// Where in `four_blocks` the 16 bytes of nibbles of each block are, which start at `start`.
VNNI_INLINE __m512i nibble_places(size_t block, size_t start) {
  uint8_t places[64];
  for (size_t i = 0; i < 64; i++) {
    const size_t at = i / 16 * block + start + i % 16;
    places[i] = (uint8_t)(at < 64 ? at : 64 + at - (4 * block - 64));
  }
  return _mm512_loadu_si512(places);
}

/// Where the half that starts at `start` of each block is, `times` over.
VNNI_INLINE __m512i half_places(size_t block, size_t start, size_t times) {
  uint16_t places[32] = {0};
  for (size_t i = 0; i < 4 * times; i++) places[i] = (uint16_t)((i / times * block + start) / 2);
  return _mm512_loadu_si512(places);
}

VNNI_INLINE __m512 halves_at(__m512i places, __m512i bytes) {
  return _mm512_cvtph_ps(_mm512_castsi512_si256(_mm512_permutexvar_epi16(places, bytes)));
}

VNNI_INLINE __m128 four_halves_at(__m512i places, __m512i bytes) {
  return _mm_cvtph_ps(_mm512_castsi512_si128(_mm512_permutexvar_epi16(places, bytes)));
}

/// Products of a part of `count` blocks of `S` rows of weights; `type##_block`s start with their
/// scale.
#define MNG_ROWS_VNNI_SMALL(type)                                                                \
  VNNI_INLINE void type##_part(const type##_block *w, size_t next, size_t count,                 \
                               const char *asked, const mng_rows_x *x, size_t p,                 \
                               __m512 sum[][4], __m128 rest[][4], const size_t S,                \
                               const size_t R) {                                                 \
    const size_t block = sizeof(type##_block);                                                   \
    const __m512i qs = nibble_places(block, offsetof(type##_block, qs));                         \
    const __m512i ds = half_places(block, 0, 4), fifteen = _mm512_set1_epi8(15);                 \
    for (size_t at = 0; at < S * count * block; at += 64) MNG_ASK(x, asked + at);                \
    MNG_UNROLL for (size_t s = 0; s < S; s++) {                                                  \
      const four_blocks four = read_blocks(w + s * next, block, count);                          \
      const __m512i all = _mm512_permutex2var_epi8(four.first, qs, four.last);                   \
      const __m512i low = _mm512_and_si512(all, fifteen);                                        \
      const __m512i high = _mm512_and_si512(_mm512_srli_epi16(all, 4), fifteen);                 \
      const __m512 scales = halves_at(ds, four.first);                                           \
      MNG_UNROLL for (size_t r = 0; r < R; r++) {                                                \
        const mng_rows_part *own = x->parts + p + r * mng_rows_parts(x->k);                      \
        __m512i products = vnni_sums(low, high, own);                                            \
        if (!type##_addends)                                                                     \
          products = _mm512_add_epi32(products, _mm512_loadu_si512(own->centre));                \
        sum[s][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products),                                \
                                    _mm512_mul_ps(scales, _mm512_loadu_ps(own->scales)),         \
                                    sum[s][r]);                                                  \
        if (type##_addends)                                                                      \
          rest[s][r] = _mm_fmadd_ps(four_halves_at(half_places(block, 2, 1), four.first),        \
                                    _mm_loadu_ps(own->totals), rest[s][r]);                      \
      }                                                                                          \
    }                                                                                            \
  }                                                                                              \
  VNNI_INLINE void type##_vnni_tile(const type##_block *w, size_t streams, const mng_rows_x *x,  \
                                    float *sums, const size_t S, const size_t R) {               \
    const size_t blocks = x->k / 32;                                                             \
    const size_t next = streams > 1 ? blocks : 0;                                                \
    __m512 sum[4][4];                                                                            \
    __m128 rest[4][4];                                                                           \
    MNG_UNROLL for (size_t s = 0; s < S; s++) MNG_UNROLL for (size_t r = 0; r < R; r++) {        \
      sum[s][r] = _mm512_setzero_ps();                                                           \
      rest[s][r] = _mm_setzero_ps();                                                             \
    }                                                                                            \
    const char *asked = (const char *)w + MNG_ROWS_AHEAD;                                        \
    size_t p = 0;                                                                                \
    for (; p < blocks / 4; p++, asked += S * 4 * sizeof *w)                                      \
      type##_part(w + 4 * p, next, 4, asked, x, p, sum, rest, S, R);                             \
    if (blocks % 4 > 0)                                                                          \
      type##_part(w + 4 * p, next, blocks % 4, asked, x, p, sum, rest, S, R);                    \
    for (size_t s = 0; s < streams; s++)                                                         \
      MNG_UNROLL for (size_t r = 0; r < R; r++)                                                  \
        sums[s * R + r] = _mm512_reduce_add_ps(                                                  \
            type##_addends ? _mm512_add_ps(sum[s][r], _mm512_zextps128_ps512(rest[s][r]))        \
                           : sum[s][r]);                                                         \
  }                                                                                              \
  MNG_ROWS_VNNI_BODY(type, 4, 4)

/// `MANY` rows of weights at a time for one row of input, whose sums all fit into registers, and `LONG` at a time where
/// rows are long. What they read lies in order, and is asked for in order, far ahead.
#define MNG_ROWS_VNNI_BODY(type, MANY, LONG)                                                     \
  MNG_TARGET_VNNI static void type##_vnni(const void *weights, size_t outputs,                   \
                                          const mng_rows_x *x, size_t rows, float *sums) {       \
    const type##_block *w = weights;                                                             \
    const size_t row = x->k / type##_elements;                                                   \
    size_t o = 0;                                                                                \
    if (rows == 1 && x->k > 1024) {                                                              \
      for (; o + LONG <= outputs; o += LONG)                                                     \
        type##_vnni_tile(w + o * row, LONG, x, sums + o, LONG, 1);                               \
    } else if (rows == 1) {                                                                      \
      for (; o + MANY <= outputs; o += MANY)                                                     \
        type##_vnni_tile(w + o * row, MANY, x, sums + o, MANY, 1);                               \
    }                                                                                            \
    for (; o < outputs; o += STREAMS) {                                                          \
      const size_t streams = mng_min(STREAMS, outputs - o);                                      \
      MNG_FOR_ROWS(type##_vnni_tile, rows, w + o * row, streams, x, sums + o * rows, STREAMS)    \
    }                                                                                            \
  }

/// Defines the product for every instruction set, with VNNI where the processor has it.
#define MNG_ROWS_SUMS_VNNI(type, CODE)                                                           \
  MNG_ROWS_SUMS_NAMED(type, type##_elsewhere)                                                    \
  void mng_rows_sums_##type(const void *weights, size_t outputs, const mng_rows_x *x,            \
                            size_t rows, float *sums) {                                          \
    if (mng_rows_use_parts(MNG_STORED_BLOCKS + CODE))                                            \
      type##_vnni(weights, outputs, x, rows, sums);                                              \
    else                                                                                         \
      type##_elsewhere(weights, outputs, x, rows, sums);                                         \
  }
#else
#define MNG_ROWS_SUMS_VNNI(type, CODE) MNG_ROWS_SUMS(type)
#endif

#endif
