#ifndef MNG_DROPOUT_F32_H
#define MNG_DROPOUT_F32_H

#include <stddef.h>
#include <stdint.h>

/// Numbers by chance that depend on nothing but where they are: Philox4x32 of ten rounds (Salmon et
/// al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
///
/// Elements come in groups of 64, which 16 blocks of four words serve: element i has word
/// `i % 64 / 16` of the block with the counter `(i / 64 * 16 + i % 16, step, stream)`.
typedef struct mng_dropout {
  uint32_t key[2];     ///< the seed, its lower half first
  uint32_t step;
  uint32_t stream;     ///< tells places in a graph apart
  uint32_t threshold;  ///< elements whose word is below it are dropped; 0 drops none
  float scale;         ///< of those that stay
} mng_dropout;

/// `y[i] = x[i] * scale`, or 0 where element `start + i` is dropped; `y` may be `x`.
void mng_dropout_f32(const mng_dropout *dropout, uint64_t start, size_t count, const float *x,
                     float *y);

#endif
