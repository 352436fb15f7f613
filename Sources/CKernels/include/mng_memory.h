#ifndef MNG_MEMORY_H
#define MNG_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/// Memory, zeroed where asked, 64-byte aligned; from 2 MiB on aligned to that and advised to use
/// huge pages. NULL if there is none.
void *mng_memory_allocate(size_t bytes, bool zeroed);

/// Gives back what `mng_memory_allocate(bytes, …)` gave.
void mng_memory_free(void *memory, size_t bytes);

/// Cores that this process may run on; at least one.
int mng_available_cores(void);

/// Tells the core that it waits in a loop.
static inline void mng_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
