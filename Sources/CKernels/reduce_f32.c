#include "mng_reduce_f32.h"

#include <math.h>

#include "lanes.h"

enum { LANES = 16, BLOCK_COLUMNS = 2048, BLOCK_ROWS = 64 };

MNG_INLINE double sum_of_block(const float *x, size_t count) {
  mng_f32x16 lanes = {0};
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) lanes += MNG_READ(mng_f32x16, x + i);
  double sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += (double)lanes[lane];
  for (; i < count; i++) sum += (double)x[i];
  return sum;
}

#define MORE(V, most, v, sign)                \
  do {                                        \
    most = sign * v > sign * most ? v : most; \
    most = v != v ? v : most;                 \
  } while (0)

MNG_INLINE float extreme_of_row(const float *x, size_t count, const float sign) {
  mng_f32x16 lanes = (mng_f32x16){0} - sign * INFINITY;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    const mng_f32x16 v = MNG_READ(mng_f32x16, x + i);
    MORE(mng_f32x16, lanes, v, sign);
  }
  float most = -sign * INFINITY;
  for (int lane = 0; lane < LANES; lane++) MORE(float, most, lanes[lane], sign);
  for (; i < count; i++) MORE(float, most, x[i], sign);
  return most;
}

MNG_INLINE void mng_reduce_columns_f32_body(mng_reduction reduction, size_t rows, size_t columns,
                                            const float *x, float *y) {
  for (size_t r = 0; r < rows; r++, x += columns) {
    if (reduction == MNG_REDUCE_MAXIMUM) {
      y[r] = extreme_of_row(x, columns, 1);
    } else if (reduction == MNG_REDUCE_MINIMUM) {
      y[r] = extreme_of_row(x, columns, -1);
    } else {
      double sum = 0;
      for (size_t begin = 0; begin < columns; begin += BLOCK_COLUMNS)
        sum += sum_of_block(x + begin, mng_min(BLOCK_COLUMNS, columns - begin));
      y[r] = (float)(reduction == MNG_REDUCE_MEAN ? sum / (double)columns : sum);
    }
  }
}

MNG_VARIANTS(mng_reduce_columns_f32,
             (mng_reduction reduction, size_t rows, size_t columns, const float *x, float *y),
             (reduction, rows, columns, x, y))

#define DEFINE_ROWS(V, WIDTH)                                                       \
  MNG_INLINE void rows_##WIDTH(mng_reduction reduction, size_t rows, size_t stride, \
                               const float *x, float *y) {                          \
    if (reduction == MNG_REDUCE_MAXIMUM || reduction == MNG_REDUCE_MINIMUM) {       \
      const float sign = reduction == MNG_REDUCE_MAXIMUM ? 1 : -1;                  \
      V most = (V){0} - sign * INFINITY;                                            \
      for (size_t r = 0; r < rows; r++) {                                           \
        const V v = MNG_READ(V, x + r * stride);                                    \
        MORE(V, most, v, sign);                                                     \
      }                                                                             \
      MNG_AT(V, y) = most;                                                          \
      return;                                                                       \
    }                                                                               \
    V total = {0};                                                                  \
    for (size_t begin = 0; begin < rows; begin += BLOCK_ROWS) {                     \
      const size_t end = mng_min(begin + BLOCK_ROWS, rows);                         \
      V sum = {0};                                                                  \
      for (size_t r = begin; r < end; r++) sum += MNG_READ(V, x + r * stride);      \
      total += sum;                                                                 \
    }                                                                               \
    MNG_AT(V, y) = reduction == MNG_REDUCE_MEAN ? total / (float)rows : total;      \
  }

DEFINE_ROWS(mng_f32x16, 16)
DEFINE_ROWS(mng_f32x8, 8)
DEFINE_ROWS(mng_f32x4, 4)
DEFINE_ROWS(mng_f32x1, 1)

MNG_INLINE void mng_reduce_rows_f32_body(mng_reduction reduction, size_t batch, size_t rows,
                                         size_t columns, const float *x, float *y,
                                         size_t column_begin, size_t column_end) {
  for (size_t b = 0; b < batch; b++, x += rows * columns, y += columns) {
    size_t c = column_begin;
#define COLUMNS(WIDTH) \
  for (; c + WIDTH <= column_end; c += WIDTH) rows_##WIDTH(reduction, rows, columns, x + c, y + c);
    COLUMNS(16) COLUMNS(8) COLUMNS(4) COLUMNS(1)
#undef COLUMNS
  }
}

MNG_VARIANTS(mng_reduce_rows_f32,
             (mng_reduction reduction, size_t batch, size_t rows, size_t columns, const float *x,
              float *y, size_t column_begin, size_t column_end),
             (reduction, batch, rows, columns, x, y, column_begin, column_end))
