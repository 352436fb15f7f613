#include "mng_rotary_f32.h"

#include "lanes.h"

MNG_INLINE void mng_rotary_f32_body(size_t heads, size_t stride, size_t size, size_t pairs,
                                    int interleaved, const float *cosines, const float *sines,
                                    const float *x, float *y) {
  for (size_t h = 0; h < heads; h++, x += stride, y += stride) {
    if (interleaved) {
      LOOP_IN_PLACE
      for (size_t p = 0; p < pairs; p++) {
        const float a = x[2 * p], b = x[2 * p + 1];
        y[2 * p] = a * cosines[p] - b * sines[p];
        y[2 * p + 1] = a * sines[p] + b * cosines[p];
      }
    } else {
      LOOP_IN_PLACE
      for (size_t p = 0; p < pairs; p++) {
        const float a = x[p], b = x[p + pairs];
        y[p] = a * cosines[p] - b * sines[p];
        y[p + pairs] = a * sines[p] + b * cosines[p];
      }
    }
    if (y != x) memcpy(y + 2 * pairs, x + 2 * pairs, (size - 2 * pairs) * sizeof *y);
  }
}

MNG_VARIANTS(mng_rotary_f32,
             (size_t heads, size_t stride, size_t size, size_t pairs, int interleaved,
              const float *cosines, const float *sines, const float *x, float *y),
             (heads, stride, size, pairs, interleaved, cosines, sines, x, y))
