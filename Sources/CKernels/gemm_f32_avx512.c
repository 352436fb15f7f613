// 14 rows by 32 columns: 28 accumulators, two of the panel, one broadcast, of 32 registers.
#include "gemm_f32.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "mng_variants.h"

#define TARGET MNG_TARGET_AVX512
#define V __m512
#define LANES 16
#define ZERO() _mm512_setzero_ps()
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define SPLAT(p) _mm512_set1_ps(*(p))
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define ADD(a, b) _mm512_add_ps(a, b)
// The second operand of max and min is the result where one is NaN.
#define CLAMP(v) _mm512_min_ps(highest, _mm512_max_ps(lowest, v))
#define TAIL __mmask16
#define TAIL_OF(n) ((__mmask16)((1u << (n)) - 1))
#define LOADN(p, tail) _mm512_maskz_loadu_ps(tail, p)
#define STOREN(p, v, tail) _mm512_mask_storeu_ps(p, tail, v)
#define FOR_ROWS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13)

#include "gemm_f32_tile.h"

#define BOTH(MR) DEFINE_TILE(MR, 1) DEFINE_TILE(MR, 2)
BOTH(1) BOTH(2) BOTH(3) BOTH(4) BOTH(5) BOTH(6) BOTH(7)
BOTH(8) BOTH(9) BOTH(10) BOTH(11) BOTH(12) BOTH(13) BOTH(14)

const mng_gemm_f32_kernel mng_gemm_f32_kernel_avx512 = {
    14, 32,
    {{tile_1_1, tile_2_1, tile_3_1, tile_4_1, tile_5_1, tile_6_1, tile_7_1, tile_8_1, tile_9_1,
      tile_10_1, tile_11_1, tile_12_1, tile_13_1, tile_14_1},
     {tile_1_2, tile_2_2, tile_3_2, tile_4_2, tile_5_2, tile_6_2, tile_7_2, tile_8_2, tile_9_2,
      tile_10_2, tile_11_2, tile_12_2, tile_13_2, tile_14_2}}};
#endif
