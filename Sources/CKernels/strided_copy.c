#include "mng_strided_copy.h"
#include <string.h>

// The two innermost axes are walked by typed loops, in square blocks so that a transposition
// touches each cache line once; outer axes by an odometer.
enum { BLOCK = 16 };

#define DEFINE_PLANE(BITS)                                                                          \
  static void plane_##BITS(intptr_t rows, intptr_t columns, intptr_t row_step, intptr_t column_step, \
                           const uint##BITS##_t *source, uint##BITS##_t *target) {                  \
    if (column_step == 1) {                                                                         \
      for (intptr_t r = 0; r < rows; r++)                                                           \
        memcpy(target + r * columns, source + r * row_step, (size_t)columns * (BITS / 8));          \
      return;                                                                                       \
    }                                                                                               \
    for (intptr_t r0 = 0; r0 < rows; r0 += BLOCK) {                                                 \
      intptr_t r1 = r0 + BLOCK < rows ? r0 + BLOCK : rows;                                          \
      for (intptr_t c0 = 0; c0 < columns; c0 += BLOCK) {                                            \
        intptr_t c1 = c0 + BLOCK < columns ? c0 + BLOCK : columns;                                  \
        for (intptr_t r = r0; r < r1; r++)                                                          \
          for (intptr_t c = c0; c < c1; c++)                                                        \
            target[r * columns + c] = source[r * row_step + c * column_step];                       \
      }                                                                                             \
    }                                                                                               \
  }
DEFINE_PLANE(8)
DEFINE_PLANE(16)
DEFINE_PLANE(32)
DEFINE_PLANE(64)

static void plane(intptr_t size, intptr_t rows, intptr_t columns, intptr_t row_step, intptr_t column_step,
                  const char *source, char *target) {
  switch (size) {
  case 1: plane_8(rows, columns, row_step, column_step, (const void *)source, (void *)target); break;
  case 2: plane_16(rows, columns, row_step, column_step, (const void *)source, (void *)target); break;
  case 4: plane_32(rows, columns, row_step, column_step, (const void *)source, (void *)target); break;
  default: plane_64(rows, columns, row_step, column_step, (const void *)source, (void *)target); break;
  }
}

void mng_strided_copy(intptr_t element_size, intptr_t rank, const intptr_t *sizes, const intptr_t *strides,
                      const void *source, void *target) {
  intptr_t size[64], step[64], index[64] = {0};
  intptr_t n = 0;
  for (intptr_t i = 0; i < rank; i++) {
    if (sizes[i] == 0) return;
    if (sizes[i] == 1) continue;
    // Neighbouring axes that lie densely in each other are one axis
    if (n > 0 && step[n - 1] == sizes[i] * strides[i]) {
      size[n - 1] *= sizes[i];
      step[n - 1] = strides[i];
    } else {
      size[n] = sizes[i];
      step[n++] = strides[i];
    }
  }
  intptr_t columns = n > 0 ? size[n - 1] : 1, column_step = n > 0 ? step[n - 1] : 1;
  intptr_t rows = n > 1 ? size[n - 2] : 1, row_step = n > 1 ? step[n - 2] : 0;
  const char *from = source;
  char *to = target;
  while (1) {
    plane(element_size, rows, columns, row_step, column_step, from, to);
    to += rows * columns * element_size;
    intptr_t axis = n - 3;
    for (; axis >= 0; axis--) {
      from += step[axis] * element_size;
      if (++index[axis] < size[axis]) break;
      from -= step[axis] * size[axis] * element_size;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}
