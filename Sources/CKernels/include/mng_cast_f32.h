#pragma once
#include <stddef.h>

#include "mng_cast.h"

/// `target[i] = source[i]`, exactly where every value of the type is a float, else rounded to
/// nearest even; any alignment of type, no aliasing. A NaN stays one, with its payload where there
/// is room. Returns 0 for `MNG_C64` only.
int mng_widen_f32(mng_dtype from, const void *source, float *target, size_t count);

/// `target[i] = source[i]` for the floating types but `MNG_C64`, rounded to nearest even; what is
/// too large becomes infinite, or the greatest number in `MNG_F8E4M3`. No aliasing. Returns 0 for
/// other types.
int mng_narrow_f32(const float *source, mng_dtype to, void *target, size_t count);

/// `mng_cast` for the pairs that go through float32 without rounding twice; returns 0 for others.
int mng_cast_through_f32(const void *source, mng_dtype from, void *target, mng_dtype to,
                         size_t count);
