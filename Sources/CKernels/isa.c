#include "mng_isa.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

// 0 means "not known yet"; otherwise the instruction set plus one.
static atomic_int probed;
static atomic_int current;
static _Thread_local int forced;

mng_isa mng_isa_probe(void) {
  int known = atomic_load_explicit(&probed, memory_order_relaxed);
  if (known != 0) return (mng_isa)(known - 1);
  mng_isa isa = MNG_ISA_BASELINE;
#if defined(__x86_64__)
  // The builtin checks the operating system's register saving (XCR0) too.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("f16c")) {
    isa = MNG_ISA_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512cd")) {
      isa = MNG_ISA_AVX512;
    }
  }
#endif
  atomic_store_explicit(&probed, (int)isa + 1, memory_order_relaxed);
  return isa;
}

void mng_isa_set(mng_isa isa) {
  mng_isa best = mng_isa_probe();
  forced = (int)(isa > best ? best : isa) + 1;
}

mng_isa mng_isa_current(void) {
  if (forced != 0) return (mng_isa)(forced - 1);
  int known = atomic_load_explicit(&current, memory_order_relaxed);
  if (known != 0) return (mng_isa)(known - 1);
  mng_isa isa = mng_isa_probe();
  const char *cap = getenv("MENAGERIE_ISA");
  if (cap != NULL) {
    if (strcmp(cap, "baseline") == 0) isa = MNG_ISA_BASELINE;
    if (strcmp(cap, "avx2") == 0 && isa > MNG_ISA_AVX2) isa = MNG_ISA_AVX2;
  }
  atomic_store_explicit(&current, (int)isa + 1, memory_order_relaxed);
  return isa;
}
