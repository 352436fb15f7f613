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
#define FOR_COUNTS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)

#include "gemm_f32_tile.h"

#define BOTH(MR) DEFINE_TILE(MR, 1) DEFINE_TILE(MR, 2)
FOR_COUNTS(BOTH)

const mng_gemm_f32_kernel mng_gemm_f32_kernel_avx512 = {
    14,
    32,
    {{FOR_COUNTS(IN_PLACE_1)}, {FOR_COUNTS(IN_PLACE_2)}},
    {{FOR_COUNTS(PACKED_1)}, {FOR_COUNTS(PACKED_2)}}};
#endif
