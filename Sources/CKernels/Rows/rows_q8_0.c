#include "rows_vnni.h"

MNG_ROWS_PORTABLE(q8_0)

#if defined(__x86_64__)
AVX512_INLINE __m512i q8_0_weights(const q8_0_block *b) {
  return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)b->qs));
}
#define SCALE(b) half_everywhere((b)->d)
#define q8_0_addend(b) 0
MNG_ROWS_AVX512_SMALL(q8_0, SCALE)

// Where bytes of four blocks are in what two loads of 64 give, the second of which starts at `second`.
#define PLACE(at, second) (uint8_t)((at) < 64 ? (at) : 64 + (at) - (second))
#define FOUR(at, second) \
  PLACE(at, second), PLACE(at + 1, second), PLACE(at + 2, second), PLACE(at + 3, second)
#define SIXTEEN(at, second) \
  FOUR(at, second), FOUR(at + 4, second), FOUR(at + 8, second), FOUR(at + 12, second)

/// Half of each block's codes, such that the other half lies in the first and the last 64 bytes.
static const uint8_t first_places[64] = {SIXTEEN(2, 64), SIXTEEN(52, 64), SIXTEEN(70, 64),
                                         SIXTEEN(104, 64)};
static const uint8_t last_places[64] = {SIXTEEN(18, 72), SIXTEEN(36, 72), SIXTEEN(86, 72),
                                        SIXTEEN(120, 72)};

/// Four blocks of `S` rows of weights.
VNNI_INLINE void q8_0_part(const q8_0_block *w, size_t next, size_t count, const char *asked,
                           const mng_rows_x *x, size_t p, __m512 sum[][4], const size_t S,
                           const size_t R) {
  const size_t block = sizeof(q8_0_block), bytes = count * block;
  const __m512i firsts = _mm512_loadu_si512(first_places);
  const __m512i lasts = _mm512_loadu_si512(last_places);
  const __m512i ds = half_places(block, 0, 4);
  const __mmask64 middle = _bzhi_u64(~0ull, (unsigned)(bytes > 64 ? mng_min(bytes - 64, 64) : 0));
  for (size_t at = 0; at < S * bytes; at += 64) MNG_ASK(x, asked + at);
  MNG_UNROLL for (size_t s = 0; s < S; s++) {
    const char *from = (const char *)(w + s * next);
    const four_blocks four = read_blocks(from, block, count);
    const __m512i second = count == 4 ? _mm512_loadu_si512(from + 64)
                                      : _mm512_maskz_loadu_epi8(middle, from + 64);
    const __m512i low = _mm512_permutex2var_epi8(four.first, firsts, second);
    const __m512i high = _mm512_permutex2var_epi8(four.first, lasts, four.last);
    const __m512 scales = _mm512_cvtph_ps(
        _mm512_castsi512_si256(_mm512_permutex2var_epi16(four.first, ds, second)));
    MNG_UNROLL for (size_t r = 0; r < R; r++) {
      const mng_rows_part *own = x->parts + p + r * mng_rows_parts(x->k);
      sum[s][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(vnni_signed_sums(low, high, own)),
                                  _mm512_mul_ps(scales, _mm512_loadu_ps(own->scales)), sum[s][r]);
    }
  }
}

VNNI_INLINE void q8_0_vnni_tile(const q8_0_block *w, size_t streams, const mng_rows_x *x,
                                float *sums, const size_t S, const size_t R) {
  const size_t blocks = x->k / 32;
  const size_t next = streams > 1 ? blocks : 0;
  __m512 sum[4][4];
  MNG_UNROLL for (size_t s = 0; s < S; s++)
    MNG_UNROLL for (size_t r = 0; r < R; r++) sum[s][r] = _mm512_setzero_ps();
  const char *asked = (const char *)w + MNG_ROWS_AHEAD;
  size_t p = 0;
  for (; p < blocks / 4; p++, asked += S * 4 * sizeof *w)
    q8_0_part(w + 4 * p, next, 4, asked, x, p, sum, S, R);
  if (blocks % 4 > 0)
    q8_0_part(w + 4 * p, next, blocks % 4, asked, x, p, sum, S, R);
  for (size_t s = 0; s < streams; s++)
    MNG_UNROLL for (size_t r = 0; r < R; r++) sums[s * R + r] = _mm512_reduce_add_ps(sum[s][r]);
}
// A core reads one long row faster than two; short ones share what is read of the input.
MNG_ROWS_VNNI_BODY(q8_0, 2, 1)
#endif

MNG_ROWS_SUMS_VNNI(q8_0, MNG_Q8_0)
