#include "rows.h"

#if defined(__x86_64__)
#include "rows_vnni.h"
#endif

size_t mng_rows_prepared_bytes(int stored, size_t rows, size_t k) {
  if (stored == MNG_STORED_BF16) return rows * k * sizeof(float);
  if (stored < MNG_STORED_BLOCKS) return 0;
  return rows * (mng_rows_parts(k) * sizeof(mng_rows_part) + k * sizeof(int16_t) +
                 (k / 32 * 2 + k / 16) * sizeof(float));
}

/// Of each 32 numbers, first those at even places, then those at odd ones; what is left stays as it is.
MNG_INLINE void part_pairs_body(const float *x, size_t k, float *apart) {
  size_t i = 0;
  for (; i + 32 <= k; i += 32) {
    const mng_f32x16 a = MNG_READ(mng_f32x16, x + i), b = MNG_READ(mng_f32x16, x + i + 16);
    MNG_AT(mng_f32x16, apart + i) = __builtin_shufflevector(
        a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    MNG_AT(mng_f32x16, apart + i + 16) = __builtin_shufflevector(
        a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
  }
  for (; i < k; i++) apart[i] = x[i];
}

MNG_VARIANTS(part_pairs, (const float *x, size_t k, float *apart), (x, k, apart))

/// Codes stay within ±32512, so that their upper bytes stay within ±127. A part that holds NaN or
/// infinity has them in its scale.
MNG_INLINE void prepare_portable_body(const float *x, size_t parts, int16_t *codes, float *scales,
                             float *totals, float *sums) {
  for (size_t p = 0; p < parts; p++, x += 32, codes += 32) {
    float largest = 0, strange = 0;
    for (int i = 0; i < 32; i++) {
      const float size = fabsf(x[i]);
      largest = size > largest ? size : largest;
      strange += x[i] - x[i];
    }
    const float scale = largest / 32512;
    // Of numbers too small for a normal inverse nothing is left.
    const float inverse = scale > 0x1p-120f && strange == 0 ? 1 / scale : 0;
    int32_t total[2] = {0, 0};
    for (int i = 0; i < 32; i++) {
      const float v = x[i] * inverse;
      const int32_t code = (int32_t)(v + (v < 0 ? -0.5f : 0.5f));
      codes[i] = (int16_t)(code > 32512 ? 32512 : code < -32512 ? -32512 : code);
    }
    for (int i = 0; i < 16; i++) total[0] += codes[i];
    for (int i = 16; i < 32; i++) total[1] += codes[i];
    scales[p] = scale + strange;
    totals[p] = scales[p] * (float)(total[0] + total[1]);
    sums[2 * p] = scales[p] * (float)total[0];
    sums[2 * p + 1] = scales[p] * (float)total[1];
  }
}

MNG_VARIANTS(prepare_portable,
             (const float *x, size_t parts, int16_t *codes, float *scales, float *totals,
              float *sums),
             (x, parts, codes, scales, totals, sums))

#if defined(__x86_64__)
MNG_TARGET_AVX512 static void prepare_avx512(const float *x, size_t parts, int16_t *codes,
                                             float *scales, float *totals, float *sums) {
  const __m256i ones = _mm256_set1_epi16(1);
  for (size_t p = 0; p < parts; p++, x += 32, codes += 32) {
    const __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
    const float largest = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(a), _mm512_abs_ps(b)));
    // 0x99: infinities and NaN.
    const bool strange = (_mm512_fpclass_ps_mask(a, 0x99) | _mm512_fpclass_ps_mask(b, 0x99)) != 0;
    const float scale = largest / 32512;
    const __m512 inverse = _mm512_set1_ps(scale > 0x1p-120f && !strange ? 1 / scale : 0);
    const __m256i low = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(_mm512_mul_ps(a, inverse)));
    const __m256i high = _mm512_cvtsepi32_epi16(_mm512_cvtps_epi32(_mm512_mul_ps(b, inverse)));
    _mm256_storeu_si256((__m256i *)codes, strange ? _mm256_setzero_si256() : low);
    _mm256_storeu_si256((__m256i *)(codes + 16), strange ? _mm256_setzero_si256() : high);
    const __m256i pairs =
        _mm256_hadd_epi32(_mm256_madd_epi16(low, ones), _mm256_madd_epi16(high, ones));
    const __m256i fours = _mm256_hadd_epi32(pairs, pairs);
    const __m128i both =
        _mm_add_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1));
    const __m128 factor = _mm_set1_ps(strange ? NAN : scale);
    const __m128 halves = _mm_mul_ps(factor, _mm_cvtepi32_ps(both));
    _mm_storel_pi((__m64 *)(sums + 2 * p), halves);
    const int64_t two = _mm_cvtsi128_si64(both);
    scales[p] = _mm_cvtss_f32(factor);
    totals[p] = scales[p] * (float)((int32_t)two + (int32_t)(two >> 32));
  }
}
#endif

static void prepare(const float *x, size_t parts, int16_t *codes, float *scales, float *totals,
                    float *sums) {
#if defined(__x86_64__)
  if (mng_isa_current() == MNG_ISA_AVX512) {
    prepare_avx512(x, parts, codes, scales, totals, sums);
    return;
  }
#endif
  prepare_portable(x, parts, codes, scales, totals, sums);
}

#if defined(__x86_64__)
/// One row's parts from its codes, of which there are a multiple of 32; 16 of 128 elements lie where
/// `order` says, and weights are signed, or unsigned and `middle` too large. `centre` is left as it is where that is 0.
MNG_TARGET_VNNI static void split(const mng_rows_x *row, const uint8_t *order, bool is_signed,
                                  uint8_t middle) {
  const __m512i places = _mm512_set_epi32(3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0);
  const __m512i middles = _mm512_set1_epi8((char)middle);
  for (size_t p = 0; p < mng_rows_parts(row->k); p++) {
    mng_rows_part *part = (mng_rows_part *)row->parts + p;
    const size_t left = row->k / 32 - 4 * p;
    const __mmask8 blocks = left >= 4 ? 15 : (__mmask8)((1u << left) - 1);
    for (size_t c = 0; c < 8; c++) {
      const __m256i codes =
          order[c] / 2 < left
              ? _mm256_loadu_si256((const __m256i *)(row->codes + 128 * p + 16 * order[c]))
              : _mm256_setzero_si256();
      const __m256i half = _mm256_set1_epi16(128);
      const __m256i upper = is_signed ? _mm256_add_epi16(_mm256_srai_epi16(codes, 8), half)
                                      : _mm256_srai_epi16(_mm256_add_epi16(codes, half), 8);
      _mm_storeu_si128((__m128i *)(part->upper + 16 * c), _mm256_cvtepi16_epi8(upper));
      _mm_storeu_si128((__m128i *)(part->lower + 16 * c), _mm256_cvtepi16_epi8(codes));
    }
    if (middle > 0) {
      const __m512i sums = vnni_sums(middles, middles, part);
      _mm512_storeu_si512(part->centre, _mm512_sub_epi32(_mm512_setzero_si512(), sums));
    }
    const __m128 scales = _mm_maskz_loadu_ps(blocks, row->scales + 4 * p);
    const __m128 totals = _mm_maskz_loadu_ps(blocks, row->totals + 4 * p);
    _mm512_storeu_ps(part->scales, _mm512_permutexvar_ps(places, _mm512_castps128_ps512(scales)));
    _mm512_storeu_ps(part->totals, _mm512_zextps128_ps512(totals));
  }
}

static void split_as(const mng_rows_x *row, int type) {
  // First those that lie in the low nibbles, or in the first half of what is read; then the others.
  static const uint8_t small[8] = {0, 2, 4, 6, 1, 3, 5, 7}, large[8] = {0, 1, 4, 5, 2, 3, 6, 7};
  static const uint8_t straight[8] = {0, 1, 2, 3, 4, 5, 6, 7}, bytes[8] = {0, 3, 4, 6, 1, 2, 5, 7};
  switch (type) {
    case MNG_Q4_K:
      split(row, large, false, 0);
      break;
    case MNG_Q6_K:
      split(row, straight, false, 0);
      break;
    case MNG_Q8_0:
      split(row, bytes, true, 0);
      break;
    case MNG_Q4_1:
      split(row, small, false, 0);
      break;
    default:
      split(row, small, false, 8);
  }
}
#endif

bool mng_rows_use_parts(int stored) {
#if defined(__x86_64__)
  const int type = stored - MNG_STORED_BLOCKS;
  return (type == MNG_Q4_0 || type == MNG_Q4_1 || type == MNG_Q4_K || type == MNG_Q6_K ||
          type == MNG_Q8_0) &&
         mng_isa_current() == MNG_ISA_AVX512 && __builtin_cpu_supports("avx512vnni") &&
         __builtin_cpu_supports("avx512vbmi");
#else
  (void)stored;
  return false;
#endif
}

void mng_rows_prepare(int stored, const float *x, size_t stride, size_t rows, size_t k,
                      void *prepared) {
  if (stored == MNG_STORED_BF16) {
    for (size_t r = 0; r < rows; r++) part_pairs(x + r * stride, k, (float *)prepared + r * k);
    return;
  }
  const mng_rows_x target = mng_rows_of(prepared, rows, k);
  for (size_t r = 0; r < rows; r++) {
    const mng_rows_x row = mng_rows_from(target, r);
    prepare(x + r * stride, k / 32, (int16_t *)row.codes, (float *)row.scales,
            (float *)row.totals, (float *)row.sums);
#if defined(__x86_64__)
    if (mng_rows_use_parts(stored)) split_as(&row, stored - MNG_STORED_BLOCKS);
#endif
  }
}
