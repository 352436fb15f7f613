// Internal: the layouts of quantised blocks, and each one taken apart: element `i` is
// `scale[i / G] * q[i] + addend[i / G]`, where G is the type's group. Types without addends leave
// them alone.
#ifndef MNG_BLOCKS_INTERNAL_H
#define MNG_BLOCKS_INTERNAL_H

#include "../narrow_floats.h"
#include "mng_blocks.h"

// Elements of a block, elements that share a scale, and whether there are addends.
enum {
  q4_0_elements = 32, q4_0_group = 32, q4_0_addends = 0,
  q4_1_elements = 32, q4_1_group = 32, q4_1_addends = 1,
  q5_0_elements = 32, q5_0_group = 32, q5_0_addends = 0,
  q5_1_elements = 32, q5_1_group = 32, q5_1_addends = 1,
  q8_0_elements = 32, q8_0_group = 32, q8_0_addends = 0,
  q2_K_elements = 256, q2_K_group = 16, q2_K_addends = 1,
  q3_K_elements = 256, q3_K_group = 16, q3_K_addends = 0,
  q4_K_elements = 256, q4_K_group = 32, q4_K_addends = 1,
  q5_K_elements = 256, q5_K_group = 32, q5_K_addends = 1,
  q6_K_elements = 256, q6_K_group = 16, q6_K_addends = 0,
  iq4_nl_elements = 32, iq4_nl_group = 32, iq4_nl_addends = 0,
  mxfp4_elements = 32, mxfp4_group = 32, mxfp4_addends = 0,
};

// Only bytes, so that a block may lie anywhere.
typedef struct { uint8_t d[2], qs[16]; } q4_0_block;
typedef struct { uint8_t d[2], m[2], qs[16]; } q4_1_block;
typedef struct { uint8_t d[2], qh[4], qs[16]; } q5_0_block;
typedef struct { uint8_t d[2], m[2], qh[4], qs[16]; } q5_1_block;
typedef struct { uint8_t d[2]; int8_t qs[32]; } q8_0_block;
typedef struct { uint8_t scales[16], qs[64], d[2], dmin[2]; } q2_K_block;
typedef struct { uint8_t hmask[32], qs[64], scales[12], d[2]; } q3_K_block;
typedef struct { uint8_t d[2], dmin[2], scales[12], qs[128]; } q4_K_block;
typedef struct { uint8_t d[2], dmin[2], scales[12], qh[32], qs[128]; } q5_K_block;
typedef struct { uint8_t ql[128], qh[64]; int8_t scales[16]; uint8_t d[2]; } q6_K_block;
typedef struct { uint8_t d[2], qs[16]; } iq4_nl_block;
typedef struct { uint8_t e, qs[16]; } mxfp4_block;

/// The values that IQ4_NL's codes stand for.
static const int8_t mng_iq4_nl_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                             1,    13,   25,  38,  53,  69,  89,  113};

/// Twice the values of the sixteen FP4 (E2M1) codes.
static const int8_t mng_mxfp4_values[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

MNG_INLINE float mng_half(const uint8_t *p) { return from_f16((uint16_t)(p[0] | p[1] << 8)); }

MNG_INLINE void mng_put_half(float value, uint8_t *p) {
  const uint16_t h = to_f16(value);
  p[0] = (uint8_t)h;
  p[1] = (uint8_t)(h >> 8);
}

/// 2^(e - 128): half of the E8M0 scale, to go with doubled values.
MNG_INLINE float mng_half_of_e8m0(uint8_t e) {
  return float_of_bits(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

/// Scale and minimum `j` of the eight 6-bit pairs of Q4_K and Q5_K.
MNG_INLINE int mng_scale_6(const uint8_t *s, int j) {
  return j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
}
MNG_INLINE int mng_min_6(const uint8_t *s, int j) {
  return j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6) << 4;
}

/// Scale `j` of the sixteen of Q3_K.
MNG_INLINE int mng_scale_q3(const uint8_t *s, int j) {
  const int low = j < 8 ? s[j] & 15 : s[j - 8] >> 4;
  return (low | (s[8 + j % 4] >> 2 * (j / 4) & 3) << 4) - 32;
}

typedef uint8_t mng_u8x16 __attribute__((ext_vector_type(16), aligned(1)));
typedef uint8_t mng_u8x32 __attribute__((ext_vector_type(32), aligned(1)));

#define MNG_BYTES_16(p) (*(const mng_u8x16 *)(const void *)(p))
#define MNG_BYTES_32(p) (*(const mng_u8x32 *)(const void *)(p))
#define MNG_CODES_16(q) (*(mng_u8x16 *)(void *)(q))
#define MNG_CODES_32(q) (*(mng_u8x32 *)(void *)(q))

MNG_INLINE void q4_0_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q4_0_block *b = p;
  (void)addend;
  scale[0] = mng_half(b->d);
  MNG_CODES_16(q) = (MNG_BYTES_16(b->qs) & 15) - 8;
  MNG_CODES_16(q + 16) = (MNG_BYTES_16(b->qs) >> 4) - 8;
}

MNG_INLINE void q4_1_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q4_1_block *b = p;
  scale[0] = mng_half(b->d);
  addend[0] = mng_half(b->m);
  MNG_CODES_16(q) = MNG_BYTES_16(b->qs) & 15;
  MNG_CODES_16(q + 16) = MNG_BYTES_16(b->qs) >> 4;
}

MNG_INLINE void q5_0_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q5_0_block *b = p;
  (void)addend;
  scale[0] = mng_half(b->d);
  for (int i = 0; i < 32; i++) {
    const int low = i < 16 ? b->qs[i] & 15 : b->qs[i - 16] >> 4;
    q[i] = (int8_t)((low | (b->qh[i / 8] >> i % 8 & 1) << 4) - 16);
  }
}

MNG_INLINE void q5_1_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q5_1_block *b = p;
  scale[0] = mng_half(b->d);
  addend[0] = mng_half(b->m);
  for (int i = 0; i < 32; i++) {
    const int low = i < 16 ? b->qs[i] & 15 : b->qs[i - 16] >> 4;
    q[i] = (int8_t)(low | (b->qh[i / 8] >> i % 8 & 1) << 4);
  }
}

MNG_INLINE void q8_0_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q8_0_block *b = p;
  (void)addend;
  scale[0] = mng_half(b->d);
  for (int i = 0; i < 32; i++) q[i] = b->qs[i];
}

MNG_INLINE void q2_K_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q2_K_block *b = p;
  const float d = mng_half(b->d), dmin = mng_half(b->dmin);
  for (int j = 0; j < 16; j++) scale[j] = d * (float)(b->scales[j] & 15);
  for (int j = 0; j < 16; j++) addend[j] = -(dmin * (float)(b->scales[j] >> 4));
  for (int j = 0; j < 8; j++)
    MNG_CODES_32(q + j * 32) = MNG_BYTES_32(b->qs + j / 4 * 32) >> (uint8_t)(2 * (j % 4)) & 3;
}

MNG_INLINE void q3_K_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q3_K_block *b = p;
  (void)addend;
  const float d = mng_half(b->d);
  for (int j = 0; j < 16; j++) scale[j] = d * (float)mng_scale_q3(b->scales, j);
  for (int j = 0; j < 8; j++)
    MNG_CODES_32(q + j * 32) = (MNG_BYTES_32(b->qs + j / 4 * 32) >> (uint8_t)(2 * (j % 4)) & 3) +
                               (MNG_BYTES_32(b->hmask) >> (uint8_t)j & 1) * 4 - 4;
}

MNG_INLINE void q4_K_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q4_K_block *b = p;
  const float d = mng_half(b->d), dmin = mng_half(b->dmin);
  for (int j = 0; j < 8; j++) scale[j] = d * (float)mng_scale_6(b->scales, j);
  for (int j = 0; j < 8; j++) addend[j] = -(dmin * (float)mng_min_6(b->scales, j));
  for (int j = 0; j < 4; j++) {
    MNG_CODES_32(q + j * 64) = MNG_BYTES_32(b->qs + j * 32) & 15;
    MNG_CODES_32(q + j * 64 + 32) = MNG_BYTES_32(b->qs + j * 32) >> 4;
  }
}

MNG_INLINE void q5_K_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q5_K_block *b = p;
  const float d = mng_half(b->d), dmin = mng_half(b->dmin);
  for (int j = 0; j < 8; j++) scale[j] = d * (float)mng_scale_6(b->scales, j);
  for (int j = 0; j < 8; j++) addend[j] = -(dmin * (float)mng_min_6(b->scales, j));
  for (int j = 0; j < 8; j++)
    MNG_CODES_32(q + j * 32) = (MNG_BYTES_32(b->qs + j / 2 * 32) >> (uint8_t)(4 * (j % 2)) & 15) |
                               (MNG_BYTES_32(b->qh) >> (uint8_t)j & 1) << 4;
}

MNG_INLINE void q6_K_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const q6_K_block *b = p;
  (void)addend;
  const float d = mng_half(b->d);
  for (int j = 0; j < 16; j++) scale[j] = d * (float)b->scales[j];
  for (int j = 0; j < 8; j++) {
    const uint8_t *ql = b->ql + j / 4 * 64 + j % 2 * 32, *qh = b->qh + j / 4 * 32;
    MNG_CODES_32(q + j * 32) = ((MNG_BYTES_32(ql) >> (uint8_t)(4 * (j / 2 % 2)) & 15) |
                                (MNG_BYTES_32(qh) >> (uint8_t)(2 * (j % 4)) & 3) << 4) - 32;
  }
}

MNG_INLINE void iq4_nl_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const iq4_nl_block *b = p;
  (void)addend;
  scale[0] = mng_half(b->d);
  for (int i = 0; i < 16; i++) q[i] = mng_iq4_nl_values[b->qs[i] & 15];
  for (int i = 0; i < 16; i++) q[i + 16] = mng_iq4_nl_values[b->qs[i] >> 4];
}

MNG_INLINE void mxfp4_unpack(const void *p, int8_t *q, float *scale, float *addend) {
  const mxfp4_block *b = p;
  (void)addend;
  scale[0] = mng_half_of_e8m0(b->e);
  for (int i = 0; i < 16; i++) q[i] = mng_mxfp4_values[b->qs[i] & 15];
  for (int i = 0; i < 16; i++) q[i + 16] = mng_mxfp4_values[b->qs[i] >> 4];
}

#endif
