#ifndef MNG_ATTENTION_GRADIENT_F32_H
#define MNG_ATTENTION_GRADIENT_F32_H

#include "mng_attention_f32.h"

/// The gradients of the heads of queries that share one head of keys and values, where `flow` is
/// that of the result: with p the shares, `dv = pT flow`, `ds = p (flow vT - sum of p * flow vT) *
/// scale`, `dq = ds k`, `dk = dsT q`.
typedef struct mng_attention_gradient_f32 {
  mng_attention_f32 forward;  ///< without a softcap; its `y` is of no account
  const float *flow;
  size_t flow_head, flow_row;
  float *dq;
  size_t dq_head, dq_row;
  float *dk;
  size_t dk_row;
  float *dv;
  size_t dv_row;
} mng_attention_gradient_f32;

/// Bytes of `scratch` that the gradients want.
size_t mng_attention_gradient_f32_scratch(mng_isa isa, const mng_attention_gradient_f32 *work);

/// Overwrites dq, dk and dv, which overlap nothing; `scratch` is 64-byte aligned.
void mng_attention_gradient_f32_heads(mng_isa isa, const mng_attention_gradient_f32 *work,
                                      void *scratch);

#endif
