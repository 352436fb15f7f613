// Internal: what the drivers know of a tile kernel.
#ifndef GEMM_F32_H
#define GEMM_F32_H

#include "mng_gemm_f32.h"

enum {
  MNG_GEMM_MAX_ROWS = 14,
  MNG_GEMM_BLOCK = 32 * MNG_GEMM_MAX_ROWS,  ///< rows whose pointers are at hand at a time
};

/// One tile of the output. `rows` is `[positions][tile rows]`: where each row's `channels` values
/// for that position begin, before `offset` floats are added. `columns` (at most the kernel's
/// width) are stored. Sums begin with `start` (an earlier part of K), or zero if it is NULL; what
/// is from `prefetch` on will be needed next, `prefetch_step` bytes for each of K.
typedef void (*mng_gemm_f32_tile)(const float *const *rows, size_t offset, size_t positions,
                                  size_t channels, const float *panel, float *y, size_t y_stride,
                                  size_t columns, const float *start, size_t start_stride,
                                  const float *bias, const float *residual, size_t residual_stride,
                                  float minimum, float maximum, const float *prefetch,
                                  size_t prefetch_step);

/// The same for rows that were packed as `[k][tile rows]`.
typedef void (*mng_gemm_f32_packed_tile)(const float *a, size_t k, const float *panel, float *y,
                                         size_t y_stride, size_t columns, const float *start,
                                         size_t start_stride, const float *bias,
                                         const float *residual, size_t residual_stride,
                                         float minimum, float maximum, const float *prefetch,
                                         size_t prefetch_step);

typedef struct mng_gemm_f32_kernel {
  size_t rows;   ///< at most MNG_GEMM_MAX_ROWS
  size_t panel;  ///< columns of a full panel; the last panel of a matrix may be half as wide
  mng_gemm_f32_tile in_place[2][MNG_GEMM_MAX_ROWS];       ///< [half, full panel][rows - 1]
  mng_gemm_f32_packed_tile packed[2][MNG_GEMM_MAX_ROWS];  ///< [half, full panel][rows - 1]
} mng_gemm_f32_kernel;

extern const mng_gemm_f32_kernel mng_gemm_f32_kernel_baseline;
#if defined(__x86_64__)
extern const mng_gemm_f32_kernel mng_gemm_f32_kernel_avx2;
extern const mng_gemm_f32_kernel mng_gemm_f32_kernel_avx512;
#endif

static inline const mng_gemm_f32_kernel *mng_gemm_f32_kernel_of(mng_isa isa) {
#if defined(__x86_64__)
  if (isa == MNG_ISA_AVX512) return &mng_gemm_f32_kernel_avx512;
  if (isa == MNG_ISA_AVX2) return &mng_gemm_f32_kernel_avx2;
#endif
  (void)isa;
  return &mng_gemm_f32_kernel_baseline;
}

/// Width of the last panel's storage: half a panel when that is enough.
static inline size_t mng_gemm_f32_last_width(size_t panel, size_t n) {
  size_t rest = n % panel;
  return rest == 0 ? panel : rest <= panel / 2 ? panel / 2 : panel;
}

static inline size_t mng_gemm_f32_min(size_t a, size_t b) { return a < b ? a : b; }

/// `rows` rows of the output, from where `y` begins, by a range of panels. The pointers of a tile
/// are
/// `[positions][kernel->rows]`, but `[positions][rows]` in the last one, which may have fewer rows.
/// `scratch` has `mng_gemm_f32_block_scratch` bytes, 64-byte aligned.
void mng_gemm_f32_block(const mng_gemm_f32_kernel *kernel, const float *const *pointers,
                        size_t rows, size_t offset, size_t positions, size_t channels,
                        const float *packed, size_t n, float *y, size_t y_stride,
                        size_t panel_begin, size_t panel_end, const mng_epilogue_f32 *epilogue,
                        void *scratch);

size_t mng_gemm_f32_block_scratch(size_t rows, size_t k);

/// `to[k][count]` from the values `[k_begin, k_end)` of `count` rows, K running over positions and
/// channels.
void mng_gemm_f32_pack_rows(const float *const *pointers, size_t count, size_t offset,
                            size_t channels, size_t k_begin, size_t k_end, float *to);

/// `to[rows][count]` from `count` neighbours of each of `rows` rows that lie `stride` apart.
void mng_gemm_f32_gather_columns(const float *a, size_t stride, size_t count, size_t rows,
                                 float *to);

/// `to[i][width]` from `columns` rows of `count` contiguous values that lie `stride` apart, each row
/// multiplied by its `scale`, if any; zeros beyond `columns`.
void mng_gemm_f32_pack_outputs(const float *from, size_t stride, size_t columns, size_t count,
                               const float *scale, float *to, size_t width);

#endif
