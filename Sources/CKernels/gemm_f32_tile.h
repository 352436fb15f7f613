// Internal: the tile kernel, written once. The including file defines, for its instruction set,
//   V, LANES, TARGET, FOR_ROWS(X), ZERO, LOAD, STORE, SPLAT, FMA, ADD, CLAMP, TAIL, TAIL_OF, LOADN,
//   STOREN
// Accumulators are named variables: clang keeps an array of them in memory.
#include <math.h>

#define DECLARE(i) V s##i##_0 = ZERO(), s##i##_1 = ZERO();
#define START_FULL(i)                                              \
  if (mr > i) {                                                    \
    s##i##_0 = LOAD(start + i * start_stride);                     \
    if (nv > 1) s##i##_1 = LOAD(start + i * start_stride + LANES); \
  }
#define START_PART(i)                                                      \
  if (mr > i) {                                                            \
    s##i##_0 = LOADN(start + i * start_stride, tail0);                     \
    if (nv > 1) s##i##_1 = LOADN(start + i * start_stride + LANES, tail1); \
  }
#define POINTER(i) const float *a##i = mr > i && !packed ? rows[i] + offset : (const float *)0;
#define STEP(i)                                  \
  if (mr > i) {                                  \
    V x = SPLAT(packed ? a + i : a##i + k);      \
    s##i##_0 = FMA(x, b0, s##i##_0);             \
    if (nv > 1) s##i##_1 = FMA(x, b1, s##i##_1); \
  }
// What the tile ends with is asked for before it begins: nothing else fetches rows so far apart.
#define AHEAD(i)                                                                            \
  if (mr > i) {                                                                             \
    __builtin_prefetch(y + i * y_stride, 1, 3);                                             \
    if (nv * LANES > 16) __builtin_prefetch(y + i * y_stride + 16, 1, 3);                    \
    if (residual && residual != y) {                                                        \
      __builtin_prefetch(residual + i * residual_stride, 0, 3);                             \
      if (nv * LANES > 16) __builtin_prefetch(residual + i * residual_stride + 16, 0, 3);    \
    }                                                                                       \
  }
#define FINISH_FULL(i)                                                          \
  if (mr > i) {                                                                 \
    V r0 = ADD(s##i##_0, bias0);                                                \
    if (residual) r0 = ADD(r0, LOAD(residual + i * residual_stride));           \
    STORE(y + i * y_stride, CLAMP(r0));                                         \
    if (nv > 1) {                                                               \
      V r1 = ADD(s##i##_1, bias1);                                              \
      if (residual) r1 = ADD(r1, LOAD(residual + i * residual_stride + LANES)); \
      STORE(y + i * y_stride + LANES, CLAMP(r1));                               \
    }                                                                           \
  }
#define FINISH_PLAIN(i)                                      \
  if (mr > i) {                                             \
    STORE(y + i * y_stride, s##i##_0);                      \
    if (nv > 1) STORE(y + i * y_stride + LANES, s##i##_1);  \
  }
#define FINISH_PART(i)                                                                  \
  if (mr > i) {                                                                         \
    V r0 = ADD(s##i##_0, bias0);                                                        \
    if (residual) r0 = ADD(r0, LOADN(residual + i * residual_stride, tail0));           \
    STOREN(y + i * y_stride, CLAMP(r0), tail0);                                         \
    if (nv > 1) {                                                                       \
      V r1 = ADD(s##i##_1, bias1);                                                      \
      if (residual) r1 = ADD(r1, LOADN(residual + i * residual_stride + LANES, tail1)); \
      STOREN(y + i * y_stride + LANES, CLAMP(r1), tail1);                               \
    }                                                                                   \
  }

TARGET static inline __attribute__((always_inline)) void tile_body(
    const size_t mr, const size_t nv, const int packed, const float *a, const float *const *rows,
    size_t offset, size_t positions, size_t channels, const float *panel, float *y, size_t y_stride,
    size_t columns, const float *start, size_t start_stride, const float *bias,
    const float *residual, size_t residual_stride, float minimum, float maximum,
    const float *prefetch, size_t prefetch_step) {
  const char *ahead = (const char *)prefetch;
  const TAIL tail0 = TAIL_OF(columns < LANES ? columns : LANES);
  const TAIL tail1 = TAIL_OF(columns < LANES ? 0 : columns - LANES);
  FOR_ROWS(DECLARE)
  FOR_ROWS(AHEAD)
  if (start) {
    if (columns == nv * LANES) {
      FOR_ROWS(START_FULL)
    } else {
      FOR_ROWS(START_PART)
    }
  }
  for (size_t p = 0; p < positions; p++) {
    FOR_ROWS(POINTER)
    if (!packed) rows += mr;
    for (size_t k = 0; k < channels; k++) {
      V b0 = LOAD(panel), b1 = b0;
      if (nv > 1) b1 = LOAD(panel + LANES);
      __builtin_prefetch(ahead, 0, 2);
      if (nv * LANES > 16) __builtin_prefetch(ahead + 64, 0, 2);
      FOR_ROWS(STEP)
      if (packed) a += mr;
      panel += nv * LANES;
      ahead += prefetch_step;
    }
  }
  if (columns == nv * LANES && !bias && !residual && minimum == -INFINITY && maximum == INFINITY) {
    FOR_ROWS(FINISH_PLAIN)
    return;
  }
  const V lowest = SPLAT(&minimum), highest = SPLAT(&maximum);
  if (columns == nv * LANES) {
    V bias0 = ZERO(), bias1 = ZERO();
    if (bias) {
      bias0 = LOAD(bias);
      if (nv > 1) bias1 = LOAD(bias + LANES);
    }
    FOR_ROWS(FINISH_FULL)
  } else {
    V bias0 = ZERO(), bias1 = ZERO();
    if (bias) {
      bias0 = LOADN(bias, tail0);
      if (nv > 1) bias1 = LOADN(bias + LANES, tail1);
    }
    FOR_ROWS(FINISH_PART)
  }
}

#define DEFINE_TILE(MR, NV)                                                                       \
  TARGET static void tile_##MR##_##NV(                                                            \
      const float *const *rows, size_t offset, size_t positions, size_t channels,                 \
      const float *panel, float *y, size_t y_stride, size_t columns, const float *start,          \
      size_t start_stride, const float *bias, const float *residual, size_t residual_stride,      \
      float minimum, float maximum, const float *prefetch, size_t prefetch_step) {                \
    tile_body(MR, NV, 0, NULL, rows, offset, positions, channels, panel, y, y_stride, columns,    \
              start, start_stride, bias, residual, residual_stride, minimum, maximum, prefetch,   \
              prefetch_step);                                                                     \
  }                                                                                               \
  TARGET static void packed_##MR##_##NV(                                                          \
      const float *a, size_t k, const float *panel, float *y, size_t y_stride, size_t columns,    \
      const float *start, size_t start_stride, const float *bias, const float *residual,          \
      size_t residual_stride, float minimum, float maximum, const float *prefetch,                \
      size_t prefetch_step) {                                                                     \
    tile_body(MR, NV, 1, a, NULL, 0, 1, k, panel, y, y_stride, columns, start, start_stride,      \
              bias, residual, residual_stride, minimum, maximum, prefetch, prefetch_step);        \
  }

#define IN_PLACE_1(MR) tile_##MR##_1,
#define IN_PLACE_2(MR) tile_##MR##_2,
#define PACKED_1(MR) packed_##MR##_1,
#define PACKED_2(MR) packed_##MR##_2,
