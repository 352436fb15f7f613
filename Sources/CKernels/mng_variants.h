// Internal: compiles one always-inlined body once for each instruction set.
#ifndef MNG_VARIANTS_H
#define MNG_VARIANTS_H

#include "mng_isa.h"

#define MNG_INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define MNG_TARGET_AVX2 __attribute__((target("avx2,fma,f16c,bmi,bmi2")))
#define MNG_TARGET_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx2,fma,f16c,bmi,bmi2")))

/// Defines `void name PARAMETERS`, which calls `name##_body ARGUMENTS` compiled for the current
/// ISA.
#define MNG_VARIANTS(name, PARAMETERS, ARGUMENTS)                                   \
  static void name##_baseline PARAMETERS { name##_body ARGUMENTS; }                 \
  MNG_TARGET_AVX2 static void name##_avx2 PARAMETERS { name##_body ARGUMENTS; }     \
  MNG_TARGET_AVX512 static void name##_avx512 PARAMETERS { name##_body ARGUMENTS; } \
  void name PARAMETERS {                                                            \
    switch (mng_isa_current()) {                                                    \
      case MNG_ISA_AVX512:                                                          \
        name##_avx512 ARGUMENTS;                                                    \
        return;                                                                     \
      case MNG_ISA_AVX2:                                                            \
        name##_avx2 ARGUMENTS;                                                      \
        return;                                                                     \
      default:                                                                      \
        name##_baseline ARGUMENTS;                                                  \
        return;                                                                     \
    }                                                                               \
  }
#else
#define MNG_VARIANTS(name, PARAMETERS, ARGUMENTS) \
  void name PARAMETERS { name##_body ARGUMENTS; }
#endif

#endif
