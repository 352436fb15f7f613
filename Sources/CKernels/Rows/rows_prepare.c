#include "rows.h"

size_t mng_rows_prepared_bytes(int stored, size_t rows, size_t k) {
  if (stored < MNG_STORED_BLOCKS) return 0;
  return rows * (k / 128 * 256 + k * sizeof(int16_t) + (k / 32 * 2 + k / 16) * sizeof(float));
}

/// Codes stay within ±32512, so that their upper bytes stay within ±127. A part that holds NaN or
/// infinity has them in its scale.
MNG_INLINE void prepare_body(const float *x, size_t parts, int16_t *codes, float *scales,
                             float *totals, float *sums) {
  for (size_t p = 0; p < parts; p++, x += 32, codes += 32) {
    float largest = 0, strange = 0;
    for (int i = 0; i < 32; i++) {
      const float size = fabsf(x[i]);
      largest = size > largest ? size : largest;
      strange += x[i] - x[i];
    }
    const float scale = largest / 32512;
    // Of numbers too small for a normal inverse nothing is left.
    const float inverse = scale > 0x1p-120f && strange == 0 ? 1 / scale : 0;
    int32_t total[2] = {0, 0};
    for (int i = 0; i < 32; i++) {
      const float v = x[i] * inverse;
      const int32_t code = (int32_t)(v + (v < 0 ? -0.5f : 0.5f));
      codes[i] = (int16_t)(code > 32512 ? 32512 : code < -32512 ? -32512 : code);
    }
    for (int i = 0; i < 16; i++) total[0] += codes[i];
    for (int i = 16; i < 32; i++) total[1] += codes[i];
    scales[p] = scale + strange;
    totals[p] = scales[p] * (float)(total[0] + total[1]);
    sums[2 * p] = scales[p] * (float)total[0];
    sums[2 * p + 1] = scales[p] * (float)total[1];
  }
}

MNG_VARIANTS(prepare,
             (const float *x, size_t parts, int16_t *codes, float *scales, float *totals,
              float *sums),
             (x, parts, codes, scales, totals, sums))

// Which 16 of 128 elements lie where: first those of the low nibbles, then those of the high ones.
static const uint8_t small_order[8] = {0, 2, 4, 6, 1, 3, 5, 7};
static const uint8_t large_order[8] = {0, 1, 4, 5, 2, 3, 6, 7};

MNG_INLINE void split_body(const int16_t *codes, size_t parts, const uint8_t *order,
                           int8_t *bytes) {
  for (size_t p = 0; p < parts; p++, codes += 128, bytes += 256) {
    for (int c = 0; c < 8; c++) {
      const int16_t *from = codes + 16 * order[c];
      int8_t *upper = bytes + 16 * c, *lower = upper + 128;
      for (int i = 0; i < 16; i++) {
        lower[i] = (int8_t)from[i];
        upper[i] = (int8_t)((from[i] - (int8_t)from[i]) >> 8);
      }
    }
  }
}

MNG_VARIANTS(split, (const int16_t *codes, size_t parts, const uint8_t *order, int8_t *bytes),
             (codes, parts, order, bytes))

void mng_rows_prepare(int stored, const float *x, size_t stride, size_t rows, size_t k,
                      void *prepared) {
  const mng_rows_x target = mng_rows_of(prepared, rows, k);
  const int large = stored == MNG_STORED_BLOCKS + MNG_Q4_K;
  for (size_t r = 0; r < rows; r++) {
    const mng_rows_x row = mng_rows_from(target, r);
    prepare(x + r * stride, k / 32, (int16_t *)row.codes, (float *)row.scales,
            (float *)row.totals, (float *)row.sums);
    split(row.codes, k / 128, large ? large_order : small_order, (int8_t *)row.bytes);
  }
}
