#include "mng_binary_f32.h"

#include <math.h>

#include "lanes.h"

MNG_INLINE float add(float a, float b) { return a + b; }
MNG_INLINE float subtract(float a, float b) { return a - b; }
MNG_INLINE float multiply(float a, float b) { return a * b; }
MNG_INLINE float divide(float a, float b) { return a / b; }
MNG_INLINE float maximum_of(float a, float b) { return a > b || a != a ? a : b; }
MNG_INLINE float minimum_of(float a, float b) { return a < b || a != a ? a : b; }

#define ROW(NAME)                                                                          \
  MNG_INLINE void row_##NAME(size_t n, const float *a, size_t a_step, const float *b,      \
                             size_t b_step, float lowest, float highest, float *y) {       \
    if (a_step == 1 && b_step == 1) {                                                      \
      LOOP_IN_PLACE                                                                        \
      for (size_t i = 0; i < n; i++) y[i] = MNG_CLAMP(NAME(a[i], b[i]), lowest, highest);  \
    } else if (a_step == 1) {                                                              \
      const float value = *b;                                                              \
      LOOP_IN_PLACE                                                                        \
      for (size_t i = 0; i < n; i++) y[i] = MNG_CLAMP(NAME(a[i], value), lowest, highest); \
    } else if (b_step == 1) {                                                              \
      const float value = *a;                                                              \
      LOOP_IN_PLACE                                                                        \
      for (size_t i = 0; i < n; i++) y[i] = MNG_CLAMP(NAME(value, b[i]), lowest, highest); \
    } else {                                                                               \
      float value = MNG_CLAMP(NAME(*a, *b), lowest, highest);                              \
      for (size_t i = 0; i < n; i++) y[i] = value;                                         \
    }                                                                                      \
  }

ROW(add)
ROW(subtract)
ROW(multiply)
ROW(divide)
ROW(maximum_of)
ROW(minimum_of)

/// The C library's power has no vector form that keeps its accuracy.
static void row_power(size_t n, const float *a, size_t a_step, const float *b, size_t b_step,
                      float lowest, float highest, float *y) {
  for (size_t i = 0; i < n; i++) {
    const float base = a[i * a_step], exponent = b[i * b_step];
    float value = exponent == 2 ? base * base : powf(base, exponent);
    y[i] = MNG_CLAMP(value, lowest, highest);
  }
}

#define CASE(OP, NAME)                                                                    \
  case OP:                                                                                \
    for (size_t r = 0; r < rows; r++)                                                     \
      row_##NAME(columns, a + r * a_row, a_step, b + r * b_row, b_step, minimum, maximum, \
                 y + r * columns);                                                        \
    break;

MNG_INLINE void mng_binary_f32_body(mng_binary op, size_t rows, size_t columns, const float *a,
                                    size_t a_row, size_t a_step, const float *b, size_t b_row,
                                    size_t b_step, float minimum, float maximum, float *y) {
  switch (op) {
    CASE(MNG_BINARY_ADD, add)
    CASE(MNG_BINARY_SUBTRACT, subtract)
    CASE(MNG_BINARY_MULTIPLY, multiply)
    CASE(MNG_BINARY_DIVIDE, divide)
    CASE(MNG_BINARY_MAXIMUM, maximum_of)
    CASE(MNG_BINARY_MINIMUM, minimum_of)
    CASE(MNG_BINARY_POWER, power)
  }
}

MNG_VARIANTS(mng_binary_f32,
             (mng_binary op, size_t rows, size_t columns, const float *a, size_t a_row,
              size_t a_step, const float *b, size_t b_row, size_t b_step, float minimum,
              float maximum, float *y),
             (op, rows, columns, a, a_row, a_step, b, b_row, b_step, minimum, maximum, y))

MNG_INLINE void mng_affine_f32_body(size_t rows, size_t columns, const float *x, const float *scale,
                                    const float *shift, float minimum, float maximum, float *y) {
  for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
    LOOP_IN_PLACE
    for (size_t c = 0; c < columns; c++)
      y[c] = MNG_CLAMP(x[c] * scale[c] + shift[c], minimum, maximum);
  }
}

MNG_VARIANTS(mng_affine_f32,
             (size_t rows, size_t columns, const float *x, const float *scale, const float *shift,
              float minimum, float maximum, float *y),
             (rows, columns, x, scale, shift, minimum, maximum, y))
