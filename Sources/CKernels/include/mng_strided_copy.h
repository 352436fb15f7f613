#pragma once
#include <stddef.h>
#include <stdint.h>

/// target[i0, i1, …] (dense, row-major) = source[i0 * strides[0] + i1 * strides[1] + …].
/// Sizes and strides are in elements of `element_size` (1, 2, 4 or 8) bytes; rank up to 64; no aliasing.
void mng_strided_copy(intptr_t element_size, intptr_t rank, const intptr_t *sizes, const intptr_t *strides,
                      const void *source, void *target);
