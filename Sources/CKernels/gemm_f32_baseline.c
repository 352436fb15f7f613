// 4 rows by 8 columns of four-wide vectors: SSE2, NEON, or whatever the compiler makes of them.
#include <string.h>

#include "gemm_f32.h"

typedef float V __attribute__((vector_size(16)));
typedef int Mask __attribute__((vector_size(16)));

#define TARGET
#define LANES 4
#define ZERO() ((V){0, 0, 0, 0})
#define LOAD(p) load(p, LANES)
#define STORE(p, v) store(p, v, LANES)
#define SPLAT(p) ((V){*(p), *(p), *(p), *(p)})
#define FMA(a, b, c) ((a) * (b) + (c))
#define ADD(a, b) ((a) + (b))
#define CLAMP(v) clamp(v, lowest, highest)
#define TAIL size_t
#define TAIL_OF(n) (n)
#define LOADN(p, tail) load(p, tail)
#define STOREN(p, v, tail) store(p, v, tail)
#define FOR_ROWS(X) X(0) X(1) X(2) X(3)
#define FOR_COUNTS(X) X(1) X(2) X(3) X(4)

static inline __attribute__((always_inline)) V load(const float *p, size_t n) {
  V v = ZERO();
  memcpy(&v, p, n * sizeof(float));
  return v;
}

static inline __attribute__((always_inline)) void store(float *p, V v, size_t n) {
  memcpy(p, &v, n * sizeof(float));
}

/// Comparisons with NaN are false, so that NaN passes.
static inline __attribute__((always_inline)) V clamp(V v, V lowest, V highest) {
  Mask below = v<lowest, above = v> highest;
  v = (V)(((Mask)lowest & below) | ((Mask)v & ~below));
  return (V)(((Mask)highest & above) | ((Mask)v & ~above));
}

#include "gemm_f32_tile.h"

#define BOTH(MR) DEFINE_TILE(MR, 1) DEFINE_TILE(MR, 2)
FOR_COUNTS(BOTH)

const mng_gemm_f32_kernel mng_gemm_f32_kernel_baseline = {
    4,
    8,
    {{FOR_COUNTS(IN_PLACE_1)}, {FOR_COUNTS(IN_PLACE_2)}},
    {{FOR_COUNTS(PACKED_1)}, {FOR_COUNTS(PACKED_2)}}};
