#pragma once
#include <stddef.h>
#include <stdint.h>

/// Block-quantised element types: a block of neighbouring elements shares scales. The names and
/// layouts are those of GGUF files; all numbers in a block are little-endian.
typedef enum mng_block_type {
  MNG_Q4_0,
  MNG_Q4_1,
  MNG_Q5_0,
  MNG_Q5_1,
  MNG_Q8_0,
  MNG_Q2_K,
  MNG_Q3_K,
  MNG_Q4_K,
  MNG_Q5_K,
  MNG_Q6_K,
  MNG_IQ4_NL,
  MNG_MXFP4,
} mng_block_type;

/// `target[i] = source[i]` for the elements of `blocks` blocks at any address. The result is the
/// formula's in float32, rounded after each product and sum. No aliasing.
void mng_dequantize_f32(mng_block_type type, const void *source, float *target, size_t blocks);

/// The blocks for the elements of `source` by the type's rule. NaN counts as zero, what is beyond
/// half precision's range as its end. No aliasing. Returns 0, with nothing done, for
/// types that are only read.
int mng_quantize_f32(mng_block_type type, const float *source, void *target, size_t blocks);
