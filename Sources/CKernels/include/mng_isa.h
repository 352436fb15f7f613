#ifndef MNG_ISA_H
#define MNG_ISA_H

#include <stddef.h>
#include <stdint.h>

/// Instruction sets that kernels are compiled for, in ascending order.
typedef enum mng_isa {
  MNG_ISA_BASELINE = 0,
  MNG_ISA_AVX2 = 1,    ///< AVX2, FMA, F16C
  MNG_ISA_AVX512 = 2,  ///< AVX-512 F, BW, DQ, VL
} mng_isa;

/// The best instruction set that the processor and the operating system support. Cached.
mng_isa mng_isa_probe(void);

/// `mng_isa_probe`, capped by the environment's `MENAGERIE_ISA` (`baseline`, `avx2`, `avx512`).
/// Cached: the environment is read once.
mng_isa mng_isa_current(void);

/// Kernels without an `isa` parameter use this one on the calling thread. A test sets it, and a
/// pool's workers take it over from the thread that they work for. One above the probe's is lowered.
void mng_isa_set(mng_isa isa);

#endif
