#include "rows.h"

// Outputs whose sums are finished together.
enum { TILE = 32, GROUP = 4 };

typedef struct {
  mng_rows_kernel *sums;
  size_t elements, bytes;  ///< of a block
} stored_kind;

#define KIND(CODE, type) \
  case MNG_STORED_BLOCKS + CODE: return (stored_kind){mng_rows_sums_##type, type##_elements, sizeof(type##_block)};

static stored_kind kind_of(int stored) {
  switch (stored) {
    case MNG_STORED_F16:
      return (stored_kind){mng_rows_sums_f16, 1, 2};
    case MNG_STORED_BF16:
      return (stored_kind){mng_rows_sums_bf16, 1, 2};
      MNG_EACH_BLOCK_TYPE(KIND)
    default:
      return (stored_kind){mng_rows_sums_f32, 1, 4};
  }
}

void mng_rows_f32(int stored, const void *weights, size_t k, const float *x, size_t x_stride,
                  const void *prepared, size_t rows, float *y, size_t y_stride, size_t begin,
                  size_t end, const mng_epilogue_f32 *epilogue) {
  const stored_kind kind = kind_of(stored);
  const size_t row_bytes = k / kind.elements * kind.bytes;
  mng_rows_x all = stored == MNG_STORED_BF16 ? (mng_rows_x){.floats = prepared, .stride = k, .k = k}
                   : stored < MNG_STORED_BLOCKS
                       ? (mng_rows_x){.floats = x, .stride = x_stride, .k = k}
                       : mng_rows_of(prepared, rows, k);
  all.asks_all = mng_core_asks_all();
  float sums[TILE * GROUP];
  for (size_t o = begin; o < end; o += TILE) {
    const size_t outputs = mng_min(TILE, end - o);
    for (size_t first = 0; first < rows; first += GROUP) {
      const size_t group = mng_min(GROUP, rows - first);
      const mng_rows_x part = mng_rows_from(all, first);
      kind.sums((const char *)weights + o * row_bytes, outputs, &part, group, sums);
      for (size_t r = 0; r < group; r++) {
        float *target = y + (first + r) * y_stride + o;
        const float *residual =
            epilogue->residual
                ? epilogue->residual + (first + r) * epilogue->residual_stride + o
                : NULL;
        for (size_t i = 0; i < outputs; i++) {
          float sum = sums[i * group + r];
          if (epilogue->bias) sum += epilogue->bias[o + i];
          if (residual) sum += residual[i];
          target[i] = MNG_CLAMP(sum, epilogue->minimum, epilogue->maximum);
        }
      }
    }
  }
}
