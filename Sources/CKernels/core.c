#include "mng_core.h"

#include <stdatomic.h>

// 0 means "not known"; otherwise the answer plus one.
static atomic_int known;
static _Thread_local int assumed;

#if defined(__x86_64__)
#include <cpuid.h>

/// Family 1Ah of AMD's processors begins with Zen 5.
/// - Source: AMD64 Architecture Programmer's Manual, volume 3, appendix E: functions 0 and 1.
static bool is_zen5_or_later(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid(0, &a, &b, &c, &d) || b != signature_AMD_ebx || c != signature_AMD_ecx ||
      d != signature_AMD_edx || !__get_cpuid(1, &a, &b, &c, &d))
    return false;
  const unsigned base = a >> 8 & 15, extended = a >> 20 & 255;
  return base == 15 && base + extended >= 0x1A;
}
#else
static bool is_zen5_or_later(void) { return false; }
#endif

bool mng_core_asks_all(void) {
  if (assumed != 0) return assumed == 2;
  int answer = atomic_load_explicit(&known, memory_order_relaxed);
  if (answer == 0) {
    answer = is_zen5_or_later() + 1;
    atomic_store_explicit(&known, answer, memory_order_relaxed);
  }
  return answer == 2;
}

void mng_core_assume_asks_all(bool answer) { assumed = answer + 1; }

void mng_core_assume_nothing(void) { assumed = 0; }
