#ifndef MNG_CROSS_ENTROPY_F32_H
#define MNG_CROSS_ENTROPY_F32_H

#include <stddef.h>
#include <stdint.h>

/// `losses[r] = max + log(sum over c of e^(x[r, c] - max)) - x[r, targets[r]]`; 0 where the target is below 0.
///
/// Targets must be below `columns`.
void mng_cross_entropy_f32(size_t rows, size_t columns, const float *x, const int64_t *targets,
                           float *losses);

/// `dx[r, c] = (softmax(x[r])[c] - (c == targets[r])) * scale`; 0 where the target is below 0. `dx` may be `x`.
void mng_cross_entropy_gradient_f32(size_t rows, size_t columns, const float *x,
                                    const int64_t *targets, float scale, float *dx);

#endif
