#include "rows_vnni.h"

MNG_ROWS_PORTABLE(q6_K)

#if defined(__x86_64__)
AVX512_INLINE __m512i q6_K_weights(const q6_K_block *b, int j) {
  const __m256i low = _mm256_loadu_si256((const __m256i *)(b->ql + j / 4 * 64 + j % 2 * 32));
  const __m256i high = _mm256_loadu_si256((const __m256i *)(b->qh + j / 4 * 32));
  const __m256i four = j / 2 % 2 ? _mm256_srli_epi16(low, 4) : low;
  const __m256i two = j % 4 == 0   ? _mm256_slli_epi16(high, 4)
                      : j % 4 == 1 ? _mm256_slli_epi16(high, 2)
                      : j % 4 == 2 ? high
                                   : _mm256_srli_epi16(high, 2);
  const __m256i code = _mm256_or_si256(_mm256_and_si256(four, _mm256_set1_epi8(15)),
                                       _mm256_and_si256(two, _mm256_set1_epi8(48)));
  return _mm512_cvtepi8_epi16(_mm256_sub_epi8(code, _mm256_set1_epi8(32)));
}
AVX512_INLINE __m512 q6_K_scales(const q6_K_block *b, __m512 *addends) {
  *addends = _mm512_setzero_ps();
  const __m512i scales = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)b->scales));
  return _mm512_mul_ps(_mm512_cvtepi32_ps(scales), half_everywhere(b->d));
}
MNG_ROWS_AVX512_LARGE(q6_K)

/// Half a block at a time: its low nibbles are the first 64 elements, its high ones the others, and each
/// byte of `qh` has two bits of four of them. Codes are unsigned; 32 times their sums is taken off.
VNNI_INLINE void q6_K_vnni_tile(const q6_K_block *w, size_t streams, const mng_rows_x *x,
                                float *sums, const size_t S, const size_t R) {
  const size_t blocks = x->k / 256;
  const __m512i fifteen = _mm512_set1_epi8(15), upper = _mm512_set1_epi8(48);
  const __m512i left = _mm512_inserti64x4(_mm512_set1_epi16(4), _mm256_set1_epi16(2), 1);
  const __m512i right = _mm512_inserti64x4(_mm512_set1_epi16(0), _mm256_set1_epi16(2), 1);
  const __m512i pairs = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
  const __m512i groups = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
  const __m512 off = _mm512_set1_ps(-32);
  __m512 sum[4][4], rest[4][4];
  MNG_UNROLL for (size_t s = 0; s < S; s++) MNG_UNROLL for (size_t r = 0; r < R; r++) {
    sum[s][r] = _mm512_setzero_ps();
    rest[s][r] = _mm512_setzero_ps();
  }
  const size_t next = streams > 1 ? blocks : 0;
  const char *asked = (const char *)w + MNG_ROWS_AHEAD;
  for (size_t b = 0; b < blocks; b++, asked += S * sizeof *w) {
    MNG_UNROLL for (size_t at = 0; at < S * sizeof *w; at += 64) MNG_ASK(x, asked + at);
    MNG_UNROLL for (size_t s = 0; s < S; s++) {
      const q6_K_block *block = w + s * next + b;
      __m512 none;
      const __m512 scales = q6_K_scales(block, &none);
      __m512 each[4];
      MNG_UNROLL for (size_t r = 0; r < R; r++) {
        const __m512 own = _mm512_castps256_ps512(_mm256_loadu_ps(x->scales + (r * blocks + b) * 8));
        each[r] = _mm512_mul_ps(scales, _mm512_permutexvar_ps(pairs, own));
        rest[s][r] = _mm512_fmadd_ps(scales, _mm512_loadu_ps(x->sums + (r * blocks + b) * 16),
                                     rest[s][r]);
      }
      MNG_UNROLL for (int h = 0; h < 2; h++) {
        const __m512i four = _mm512_loadu_si512(block->ql + 64 * h);
        const __m512i two =
            _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)(block->qh + 32 * h)));
        // 0xf8 is a | b & c.
        const __m512i low = _mm512_ternarylogic_epi64(
            _mm512_and_si512(four, fifteen), _mm512_sllv_epi16(two, left), upper, 0xf8);
        const __m512i high =
            _mm512_ternarylogic_epi64(_mm512_and_si512(_mm512_srli_epi16(four, 4), fifteen),
                                      _mm512_srlv_epi16(two, right), upper, 0xf8);
        const __m512i first = _mm512_add_epi32(groups, _mm512_set1_epi32(8 * h));
        const __m512i second = _mm512_add_epi32(groups, _mm512_set1_epi32(8 * h + 4));
        MNG_UNROLL for (size_t r = 0; r < R; r++) {
          const mng_rows_part *part = x->parts + (r * blocks + b) * 2 + (size_t)h;
          sum[s][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(vnni_half_sums(low, part, 0)),
                                      _mm512_permutexvar_ps(first, each[r]), sum[s][r]);
          sum[s][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(vnni_half_sums(high, part, 1)),
                                      _mm512_permutexvar_ps(second, each[r]), sum[s][r]);
        }
      }
    }
  }
  for (size_t s = 0; s < streams; s++)
    MNG_UNROLL for (size_t r = 0; r < R; r++)
      sums[s * R + r] = _mm512_reduce_add_ps(_mm512_fmadd_ps(off, rest[s][r], sum[s][r]));
}
MNG_ROWS_VNNI_BODY(q6_K, 4, 4)
#endif

MNG_ROWS_SUMS_VNNI(q6_K, MNG_Q6_K)
