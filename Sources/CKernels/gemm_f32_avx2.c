// 6 rows by 16 columns: 12 accumulators, two of the panel, one or two broadcasts, of 16 registers.
#include "gemm_f32.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "mng_variants.h"

#define TARGET MNG_TARGET_AVX2
#define V __m256
#define LANES 8
#define ZERO() _mm256_setzero_ps()
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define SPLAT(p) _mm256_broadcast_ss(p)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define ADD(a, b) _mm256_add_ps(a, b)
// The second operand of max and min is the result where one is NaN.
#define CLAMP(v) _mm256_min_ps(highest, _mm256_max_ps(lowest, v))
#define TAIL __m256i
#define TAIL_OF(n) \
  _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define LOADN(p, tail) _mm256_maskload_ps(p, tail)
#define STOREN(p, v, tail) _mm256_maskstore_ps(p, tail, v)
#define FOR_ROWS(X) X(0) X(1) X(2) X(3) X(4) X(5)
#define FOR_COUNTS(X) X(1) X(2) X(3) X(4) X(5) X(6)

#include "gemm_f32_tile.h"

#define BOTH(MR) DEFINE_TILE(MR, 1) DEFINE_TILE(MR, 2)
FOR_COUNTS(BOTH)

const mng_gemm_f32_kernel mng_gemm_f32_kernel_avx2 = {
    6,
    16,
    {{FOR_COUNTS(IN_PLACE_1)}, {FOR_COUNTS(IN_PLACE_2)}},
    {{FOR_COUNTS(PACKED_1)}, {FOR_COUNTS(PACKED_2)}}};
#endif
