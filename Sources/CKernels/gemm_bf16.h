// Internal: tiles of products in bfloat16.
#ifndef GEMM_BF16_H
#define GEMM_BF16_H

#include "mng_gemm_bf16.h"

/// `count` rows (at most `MNG_GEMM_BF16_TILE`) of one panel's `columns`; `a` has the pairs of all
/// rows of the tile after each other, for each pair of k.
typedef void mng_gemm_bf16_tile(const uint32_t *a, size_t count, size_t pairs, const uint16_t *b,
                                bool adds, float *y, size_t y_stride, size_t columns);

void mng_gemm_bf16_tile_plain(const uint32_t *a, size_t count, size_t pairs, const uint16_t *b,
                              bool adds, float *y, size_t y_stride, size_t columns);

#if defined(__x86_64__)
void mng_gemm_bf16_tile_avx512(const uint32_t *a, size_t count, size_t pairs, const uint16_t *b,
                               bool adds, float *y, size_t y_stride, size_t columns);
#endif

#endif
