#include "blocks.h"

#define EACH_TYPE(DO)                                                               \
  DO(MNG_Q4_0, q4_0) DO(MNG_Q4_1, q4_1) DO(MNG_Q5_0, q5_0) DO(MNG_Q5_1, q5_1)       \
  DO(MNG_Q8_0, q8_0) DO(MNG_Q2_K, q2_K) DO(MNG_Q3_K, q3_K) DO(MNG_Q4_K, q4_K)       \
  DO(MNG_Q5_K, q5_K) DO(MNG_Q6_K, q6_K) DO(MNG_IQ4_NL, iq4_nl) DO(MNG_MXFP4, mxfp4)

#define EACH_WRITTEN_TYPE(DO)                                                       \
  DO(MNG_Q4_0, q4_0) DO(MNG_Q4_1, q4_1) DO(MNG_Q5_0, q5_0) DO(MNG_Q5_1, q5_1)       \
  DO(MNG_Q8_0, q8_0) DO(MNG_Q4_K, q4_K) DO(MNG_Q6_K, q6_K)

#define DECLARE_DEQUANTIZE(CODE, type) void mng_dequantize_##type##_f32(const void *, float *, size_t);
#define DECLARE_QUANTIZE(CODE, type) void mng_quantize_##type##_f32(const float *, void *, size_t);
EACH_TYPE(DECLARE_DEQUANTIZE)
EACH_WRITTEN_TYPE(DECLARE_QUANTIZE)

#define DEQUANTIZE(CODE, type)                           \
  case CODE:                                             \
    mng_dequantize_##type##_f32(source, target, blocks); \
    return;

void mng_dequantize_f32(mng_block_type type, const void *source, float *target, size_t blocks) {
  switch (type) { EACH_TYPE(DEQUANTIZE) }
}

#define QUANTIZE(CODE, type)                           \
  case CODE:                                           \
    mng_quantize_##type##_f32(source, target, blocks); \
    return 1;

int mng_quantize_f32(mng_block_type type, const float *source, void *target, size_t blocks) {
  switch (type) {
    EACH_WRITTEN_TYPE(QUANTIZE)
    default:
      return 0;
  }
}
