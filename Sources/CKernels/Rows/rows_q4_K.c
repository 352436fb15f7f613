#include "scales_6.h"

MNG_ROWS_PORTABLE(q4_K)

#if defined(__x86_64__)
AVX512_INLINE __m512i q4_K_weights(const q4_K_block *b, int j) {
  const __m256i bytes = _mm256_loadu_si256((const __m256i *)(b->qs + j / 2 * 32));
  const __m256i moved = j % 2 ? _mm256_srli_epi16(bytes, 4) : bytes;
  return _mm512_cvtepu8_epi16(_mm256_and_si256(moved, _mm256_set1_epi8(15)));
}
AVX512_INLINE __m512 q4_K_scales(const q4_K_block *b, __m512 *addends) {
  return scales_6(b->scales, half_of(b->d), half_of(b->dmin), addends);
}
MNG_ROWS_AVX512_LARGE(q4_K)

VNNI_INLINE __m256 eight_floats(uint64_t bytes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)bytes)));
}

/// Half a block at a time: its low nibbles are groups 0 and 2, its high ones 1 and 3. The high ones
/// stay where they are, sixteen times as large.
VNNI_INLINE void q4_K_vnni_tile(const q4_K_block *w, size_t streams, const mng_rows_x *x,
                                float *sums, const size_t S, const size_t R) {
  const size_t blocks = x->k / 256;
  const __m512i fifteen = _mm512_set1_epi8(15);
  const __m256 sixteenths = _mm256_set_ps(0x1p-4f, 1, 0x1p-4f, 1, 0x1p-4f, 1, 0x1p-4f, 1);
  const __m512i groups = _mm512_set_epi32(2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0);
  __m512 sum[4][4];
  __m256 rest[4][4];
  MNG_UNROLL for (size_t s = 0; s < S; s++) MNG_UNROLL for (size_t r = 0; r < R; r++) {
    sum[s][r] = _mm512_setzero_ps();
    rest[s][r] = _mm256_setzero_ps();
  }
  const size_t next = streams > 1 ? blocks : 0;
  const char *asked = (const char *)w + MNG_ROWS_AHEAD;
  for (size_t b = 0; b < blocks; b++, asked += S * sizeof *w) {
    MNG_UNROLL for (size_t at = 0; at < S * sizeof *w; at += 64) MNG_ASK(x, asked + at);
    MNG_UNROLL for (size_t s = 0; s < S; s++) {
      const q4_K_block *block = w + s * next + b;
      uint64_t minima;
      const uint64_t scales = bytes_of_scales_6(block->scales, &minima);
      const __m128 both = _mm_cvtph_ps(_mm_loadu_si32(block->d));
      const __m256 d = _mm256_mul_ps(_mm256_broadcastss_ps(both), sixteenths);
      const __m256 own = _mm256_mul_ps(eight_floats(scales), d);
      const __m256 addends = _mm256_mul_ps(
          eight_floats(minima), _mm256_broadcastss_ps(_mm_movehdup_ps(both)));
      __m512 each[4];
      MNG_UNROLL for (size_t r = 0; r < R; r++) {
        const size_t at = (r * blocks + b) * 8;
        each[r] = _mm512_castps256_ps512(_mm256_mul_ps(own, _mm256_loadu_ps(x->scales + at)));
        rest[s][r] = _mm256_fnmadd_ps(addends, _mm256_loadu_ps(x->totals + at), rest[s][r]);
      }
      MNG_UNROLL for (int h = 0; h < 2; h++) {
        const __m512i all = _mm512_loadu_si512(block->qs + 64 * h);
        const __m512i low = _mm512_and_si512(all, fifteen);
        const __m512i high = _mm512_andnot_si512(fifteen, all);
        const __m512i even = _mm512_add_epi32(groups, _mm512_set1_epi32(4 * h));
        const __m512i odd = _mm512_add_epi32(groups, _mm512_set1_epi32(4 * h + 1));
        MNG_UNROLL for (size_t r = 0; r < R; r++) {
          const mng_rows_part *part = x->parts + (r * blocks + b) * 2 + (size_t)h;
          sum[s][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(vnni_half_sums(low, part, 0)),
                                      _mm512_permutexvar_ps(even, each[r]), sum[s][r]);
          sum[s][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(vnni_half_sums(high, part, 1)),
                                      _mm512_permutexvar_ps(odd, each[r]), sum[s][r]);
        }
      }
    }
  }
  for (size_t s = 0; s < streams; s++)
    MNG_UNROLL for (size_t r = 0; r < R; r++)
      sums[s * R + r] =
          _mm512_reduce_add_ps(_mm512_add_ps(sum[s][r], _mm512_zextps256_ps512(rest[s][r])));
}
MNG_ROWS_VNNI_BODY(q4_K, 4, 4)
#endif

MNG_ROWS_SUMS_VNNI(q4_K, MNG_Q4_K)
