#include "mng_blas.h"

#include <dlfcn.h>
#include <pthread.h>

#include "lanes.h"

// CBLAS's numbers for row-major and not transposed.
enum { ROW_MAJOR = 101, AS_IT_IS = 111 };

typedef void (*sgemm_function)(int order, int transpose_a, int transpose_b, int m, int n, int k,
                               float alpha, const float *a, int a_stride, const float *b,
                               int b_stride, float beta, float *c, int c_stride);
typedef void (*set_threads_function)(int threads);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sgemm_function sgemm;

static void load(void) {
#if defined(__APPLE__)
  void *library = dlopen("libopenblas.dylib", RTLD_NOW | RTLD_LOCAL);
#else
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
#endif
  if (library == NULL) return;
  set_threads_function set_threads;
  // POSIX lets an object pointer become a function pointer this way.
  *(void **)&set_threads = dlsym(library, "openblas_set_num_threads");
  if (set_threads == NULL) return;
  set_threads(1);
  *(void **)&sgemm = dlsym(library, "cblas_sgemm");
}

bool mng_blas_available(void) {
  pthread_once(&once, load);
  return sgemm != NULL;
}

void mng_blas_f32(size_t m, size_t n, size_t k, const float *a, size_t a_stride, const float *b,
                  size_t b_stride, bool keep, float *c, size_t c_stride) {
  if (!mng_blas_available()) return;
  sgemm(ROW_MAJOR, AS_IT_IS, AS_IT_IS, (int)m, (int)n, (int)k, 1, a, (int)a_stride, b,
        (int)b_stride, keep ? 1 : 0, c, (int)c_stride);
}

void mng_weight_f32_dense(const mng_weight_f32 *weight, float *dense) {
  for (size_t h = 0; h < weight->kernel_height; h++)
    for (size_t w = 0; w < weight->kernel_width; w++)
      for (size_t i = 0; i < weight->inputs; i++)
        for (size_t o = 0; o < weight->outputs; o++) {
          const float value = weight->values[(ptrdiff_t)h * weight->row_stride +
                                             (ptrdiff_t)w * weight->column_stride +
                                             (ptrdiff_t)i * weight->input_stride +
                                             (ptrdiff_t)o * weight->output_stride];
          *dense++ = weight->scale ? value * weight->scale[o] : value;
        }
}

void mng_unfold_f32(const mng_window *window, size_t first_channel, size_t channels, const float *x,
                    size_t row_begin, size_t row_end, float *columns) {
  const mng_window g = *window;
  const size_t plane = g.out_height * g.out_width, bytes = channels * sizeof(float);
  for (size_t row = row_begin; row < row_end; row++) {
    const size_t image = row / plane, rest = row % plane;
    const size_t top = rest / g.out_width * g.stride_height - g.pad_top;
    const size_t left = rest % g.out_width * g.stride_width - g.pad_left;
    for (size_t h = 0; h < g.kernel_height; h++) {
      const size_t iy = top + h * g.dilation_height;
      for (size_t w = 0; w < g.kernel_width; w++, columns += channels) {
        const size_t ix = left + w * g.dilation_width;
        if (iy < g.height && ix < g.width) {
          const size_t pixel = (image * g.height + iy) * g.width + ix;
          memcpy(columns, x + pixel * g.channels + first_channel, bytes);
        } else {
          memset(columns, 0, bytes);
        }
      }
    }
  }
}

void mng_finish_f32(size_t rows, size_t columns, const float *bias, float minimum, float maximum,
                    float *y, size_t y_stride) {
  for (size_t r = 0; r < rows; r++, y += y_stride)
    for (size_t c = 0; c < columns; c++)
      y[c] = MNG_CLAMP(bias ? y[c] + bias[c] : y[c], minimum, maximum);
}
