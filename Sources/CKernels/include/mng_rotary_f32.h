#ifndef MNG_ROTARY_F32_H
#define MNG_ROTARY_F32_H

#include <stddef.h>

/// Turns the pairs (a, b) of each of `heads` vectors: `(a cos - b sin, a sin + b cos)`. Pair p is
/// (p, p + pairs), or (2 p, 2 p + 1) if `interleaved`; the features from `2 * pairs` to `size` are
/// copied. Vectors lie `stride` floats apart in `x` and `y`; `y` may be `x`.
void mng_rotary_f32(size_t heads, size_t stride, size_t size, size_t pairs, int interleaved,
                    const float *cosines, const float *sines, const float *x, float *y);

#endif
