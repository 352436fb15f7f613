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

#include "gemm_f32_tile.h"

#define BOTH(MR) DEFINE_TILE(MR, 1) DEFINE_TILE(MR, 2)
BOTH(1) BOTH(2) BOTH(3) BOTH(4) BOTH(5) BOTH(6)

const mng_gemm_f32_kernel mng_gemm_f32_kernel_avx2 = {
    6, 16,
    {{tile_1_1, tile_2_1, tile_3_1, tile_4_1, tile_5_1, tile_6_1},
     {tile_1_2, tile_2_2, tile_3_2, tile_4_2, tile_5_2, tile_6_2}}};
#endif
