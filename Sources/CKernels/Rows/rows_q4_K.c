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

/// Half a block at a time: its low nibbles are groups 0 and 2, its high ones 1 and 3.
VNNI_INLINE void q4_K_vnni_tile(const q4_K_block *w, size_t streams, const mng_rows_x *x,
                                float *sums, const size_t R) {
  const size_t blocks = x->k / 256;
  const __m512i fifteen = _mm512_set1_epi8(15);
  const __m512i pairs = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
  const __m512i groups = _mm512_set_epi32(4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0);
  __m512 sum[STREAMS][4], rest[STREAMS][4];
  MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) MNG_UNROLL for (size_t r = 0; r < R; r++) {
    sum[s][r] = _mm512_setzero_ps();
    rest[s][r] = _mm512_setzero_ps();
  }
  const size_t next = streams > 1 ? blocks : 0;
  const size_t ahead = mng_rows_ahead(blocks * sizeof(q4_K_block), STREAMS);
  for (size_t b = 0; b < blocks; b++) {
    MNG_UNROLL for (size_t s = 0; s < STREAMS; s++) {
      const q4_K_block *block = w + s * next + b;
      __m512 addends, scales = q4_K_scales(block, &addends), each[4];
      MNG_PREFETCH((const char *)block + ahead);
      MNG_PREFETCH((const char *)block + ahead + 64);
      MNG_PREFETCH((const char *)block + ahead + 128);
      MNG_UNROLL for (size_t r = 0; r < R; r++) {
        const __m512 own =
            _mm512_castps256_ps512(_mm256_loadu_ps(x->scales + (r * blocks + b) * 8));
        each[r] = _mm512_mul_ps(scales, _mm512_permutexvar_ps(pairs, own));
        rest[s][r] = _mm512_fmadd_ps(addends, _mm512_loadu_ps(x->sums + (r * blocks + b) * 16),
                                     rest[s][r]);
      }
      MNG_UNROLL for (int h = 0; h < 2; h++) {
        const __m512i all = _mm512_loadu_si512(block->qs + 64 * h);
        const __m512i low = _mm512_and_si512(all, fifteen);
        const __m512i high = _mm512_and_si512(_mm512_srli_epi16(all, 4), fifteen);
        const __m512i even = _mm512_add_epi32(groups, _mm512_set1_epi32(8 * h));
        const __m512i odd = _mm512_add_epi32(groups, _mm512_set1_epi32(8 * h + 2));
        MNG_UNROLL for (size_t r = 0; r < R; r++) {
          const int8_t *bytes = x->bytes + ((r * blocks + b) * 2 + (size_t)h) * 256;
          sum[s][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(vnni_half_sums(low, bytes)),
                                      _mm512_permutexvar_ps(even, each[r]), sum[s][r]);
          sum[s][r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(vnni_half_sums(high, bytes + 64)),
                                      _mm512_permutexvar_ps(odd, each[r]), sum[s][r]);
        }
      }
    }
  }
  for (size_t s = 0; s < streams; s++)
    MNG_UNROLL for (size_t r = 0; r < R; r++)
      sums[s * R + r] = _mm512_reduce_add_ps(_mm512_add_ps(sum[s][r], rest[s][r]));
}
MNG_ROWS_VNNI_BODY(q4_K)
#endif

MNG_ROWS_SUMS_VNNI(q4_K)
