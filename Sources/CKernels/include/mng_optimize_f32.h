#ifndef MNG_OPTIMIZE_F32_H
#define MNG_OPTIMIZE_F32_H

#include <stddef.h>

// One step of an optimiser over `count` floats: `x` the weights, `g` their gradient, the other
// arrays what the optimiser remembers of each. Weights and memories are changed where they lie; no
// overlap. Element i depends on elements i only.

typedef struct mng_sgd_step {
  float rate, momentum, gain;  ///< `gain` is 1 - dampening
  float decay;                 ///< of the weights, added to the gradient
  int nesterov, first;         ///< `first`: there is no momentum yet, the gradient becomes it
} mng_sgd_step;

/// `d = g + decay x; b = momentum b + gain d; x -= rate (nesterov ? d + momentum b : b)`.
/// `b` is NULL without momentum: `x -= rate d`.
void mng_sgd_f32(const mng_sgd_step *step, size_t count, const float *g, float *b, float *x);

typedef struct mng_adam_step {
  float rate;         ///< over 1 - beta1^t
  float root;         ///< sqrt(1 - beta2^t)
  float first_share;  ///< 1 - beta1
  float second_keep, second_share;  ///< beta2, 1 - beta2
  float epsilon;
  float decay;  ///< of the weights, added to the gradient
  float keep;   ///< what the weights are multiplied with first: 1 - rate * decay of AdamW
} mng_adam_step;

/// `x *= keep; d = g + decay x; m += first_share (d - m); v = second_keep v + second_share d^2;
/// x -= rate m / (sqrt(v) / root + epsilon)`. With `most` not NULL: `most = max(most, v)` takes
/// v's place in the last line (AMSGrad).
void mng_adam_f32(const mng_adam_step *step, size_t count, const float *g, float *m, float *v,
                  float *most, float *x);

typedef struct mng_rmsprop_step {
  float rate, keep, share;  ///< alpha, 1 - alpha
  float epsilon, momentum;
  float decay;  ///< of the weights, added to the gradient
} mng_rmsprop_step;

/// `d = g + decay x; v = keep v + share d^2; a += share (d - a); u = d / (sqrt(v - a^2) + epsilon);
/// b = momentum b + u; x -= rate b`. `a` is NULL unless centred, `b` without momentum.
void mng_rmsprop_f32(const mng_rmsprop_step *step, size_t count, const float *g, float *v, float *a,
                     float *b, float *x);

typedef struct mng_lion_step {
  float rate, first_share, second_share;  ///< 1 - beta1, 1 - beta2
  float keep;                             ///< 1 - rate * decay
} mng_lion_step;

/// `x = keep x - rate sign(m + first_share (g - m)); m += second_share (g - m)`.
void mng_lion_f32(const mng_lion_step *step, size_t count, const float *g, float *m, float *x);

/// One row of Adafactor: `u[i] = g[i] / sqrt(max(v[i] * scale, floor))`; adds u's squares to `sum`
/// in double, and with `x` not NULL `x[i] = keep x[i] - rate u[i]`.
void mng_adafactor_row_f32(size_t count, const float *g, const float *v, float scale, float floor,
                           float rate, float keep, float *x, double *sum);

/// `*sum = sum of x[i]^2`, in double.
void mng_sum_of_squares_f32(size_t count, const float *x, double *sum);

/// `sums[c] = sum over r of x[r, c]^2`, in double; rows are `stride` floats apart.
void mng_column_squares_f32(size_t rows, size_t columns, size_t stride, const float *x,
                            double *sums);

/// `y[i] += share (x[i] - y[i])`.
void mng_approach_f32(size_t count, float share, const float *x, float *y);

#endif
