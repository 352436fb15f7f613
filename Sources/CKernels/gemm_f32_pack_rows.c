#include "gemm_f32.h"
#include "lanes.h"

/// Sixteen values: four of each of four rows.
MNG_INLINE void interleave_4x4(const float *a, const float *b, const float *c, const float *d,
                               float *to, size_t stride) {
  const mng_f32x4 ra = MNG_READ(mng_f32x4, a), rb = MNG_READ(mng_f32x4, b);
  const mng_f32x4 rc = MNG_READ(mng_f32x4, c), rd = MNG_READ(mng_f32x4, d);
  const mng_f32x4 ab_low = __builtin_shufflevector(ra, rb, 0, 4, 1, 5);
  const mng_f32x4 ab_high = __builtin_shufflevector(ra, rb, 2, 6, 3, 7);
  const mng_f32x4 cd_low = __builtin_shufflevector(rc, rd, 0, 4, 1, 5);
  const mng_f32x4 cd_high = __builtin_shufflevector(rc, rd, 2, 6, 3, 7);
  MNG_AT(mng_f32x4, to) = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
  MNG_AT(mng_f32x4, to + stride) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
  MNG_AT(mng_f32x4, to + 2 * stride) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
  MNG_AT(mng_f32x4, to + 3 * stride) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

MNG_INLINE void segment(const float *const *rows, size_t count, size_t offset, size_t length,
                        float *to) {
  size_t r = 0;
  for (; r + 4 <= count; r += 4) {
    const float *a = rows[r] + offset, *b = rows[r + 1] + offset;
    const float *c = rows[r + 2] + offset, *d = rows[r + 3] + offset;
    size_t k = 0;
    for (; k + 4 <= length; k += 4)
      interleave_4x4(a + k, b + k, c + k, d + k, to + k * count + r, count);
    for (; k < length; k++) {
      float *out = to + k * count + r;
      out[0] = a[k], out[1] = b[k], out[2] = c[k], out[3] = d[k];
    }
  }
  for (; r < count; r++) {
    const float *a = rows[r] + offset;
    for (size_t k = 0; k < length; k++) to[k * count + r] = a[k];
  }
}

MNG_INLINE void mng_gemm_f32_pack_rows_body(const float *const *pointers, size_t count,
                                            size_t offset, size_t channels, size_t k_begin,
                                            size_t k_end, float *to) {
  while (k_begin < k_end) {
    const size_t position = k_begin / channels, channel = k_begin % channels;
    const size_t length = mng_min(channels - channel, k_end - k_begin);
    segment(pointers + position * count, count, offset + channel, length, to);
    to += length * count;
    k_begin += length;
  }
}

MNG_VARIANTS(mng_gemm_f32_pack_rows,
             (const float *const *pointers, size_t count, size_t offset, size_t channels,
              size_t k_begin, size_t k_end, float *to),
             (pointers, count, offset, channels, k_begin, k_end, to))
