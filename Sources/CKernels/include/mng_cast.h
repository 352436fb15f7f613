#pragma once
#include <stdint.h>

typedef enum {
  MNG_F64, MNG_F32, MNG_F16, MNG_BF16, MNG_F8E4M3, MNG_F8E5M2,
  MNG_I64, MNG_I32, MNG_I16, MNG_I8, MNG_U64, MNG_U32, MNG_U16, MNG_U8, MNG_BOOL, MNG_C64,
} mng_dtype;

/// target[i] = source[i] converted, for i < count. Floats round to nearest even; out of range becomes
/// infinite (the largest number in f8e4m3fn, as in PyTorch 2.15); float to integer cuts off, saturates at 64 bits, then wraps; complex to
/// real keeps the real part; to bool asks for non-zero. Any alignment of type; no aliasing.
void mng_cast(const void *source, mng_dtype from, void *target, mng_dtype to, intptr_t count);
