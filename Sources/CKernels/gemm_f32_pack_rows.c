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

enum { ROWS = 16 };  // as many as a vector of the widest instruction set has numbers

/// Four values of rows `first`, four later, and so on.
MNG_INLINE void read_every_fourth(const float *const *rows, size_t first, size_t k,
                                  mng_f32x16 *values) {
  const mng_f32x4 a = MNG_READ(mng_f32x4, rows[first] + k);
  const mng_f32x4 b = MNG_READ(mng_f32x4, rows[first + 4] + k);
  const mng_f32x4 c = MNG_READ(mng_f32x4, rows[first + 8] + k);
  const mng_f32x4 d = MNG_READ(mng_f32x4, rows[first + 12] + k);
  const mng_f32x8 ab = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
  const mng_f32x8 cd = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
  *values = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/// Four columns of sixteen rows. Each is written whole, `stride` after the one before, which may cut
/// that short.
MNG_INLINE void interleave_16x4(const float *const *rows, size_t k, float *to, size_t stride) {
  mng_f32x16 a, b, c, d;
  read_every_fourth(rows, 0, k, &a), read_every_fourth(rows, 1, k, &b);
  read_every_fourth(rows, 2, k, &c), read_every_fourth(rows, 3, k, &d);
#define LOW(x, y) \
  __builtin_shufflevector(x, y, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH(x, y) \
  __builtin_shufflevector(x, y, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define FIRST(x, y) \
  __builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define SECOND(x, y) \
  __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
  const mng_f32x16 ab_low = LOW(a, b), ab_high = HIGH(a, b);
  const mng_f32x16 cd_low = LOW(c, d), cd_high = HIGH(c, d);
  MNG_AT(mng_f32x16, to) = FIRST(ab_low, cd_low);
  MNG_AT(mng_f32x16, to + stride) = SECOND(ab_low, cd_low);
  MNG_AT(mng_f32x16, to + 2 * stride) = FIRST(ab_high, cd_high);
  MNG_AT(mng_f32x16, to + 3 * stride) = SECOND(ab_high, cd_high);
#undef LOW
#undef HIGH
#undef FIRST
#undef SECOND
}

/// Nearly all of a tall tile, by vectors that reach into the next column; the number of columns
/// done. The last ones are left, so that nothing is written beyond them.
MNG_INLINE size_t tall_segment(const float *const *rows, size_t count, size_t offset, size_t length,
                               float *to) {
  if (count <= ROWS / 2 || count > ROWS) return 0;
  const float *from[ROWS];
  for (size_t r = 0; r < ROWS; r++) from[r] = rows[mng_min(r, count - 1)] + offset;
  size_t k = 0;
  for (; k + 4 < length; k += 4) interleave_16x4(from, k, to + k * count, count);
  return k;
}

MNG_INLINE void segment(const float *const *rows, size_t count, size_t offset, size_t length,
                        float *to) {
  const size_t done = tall_segment(rows, count, offset, length, to);
  offset += done, length -= done, to += done * count;
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
