#define _GNU_SOURCE
#include "mng_memory.h"

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const size_t huge = (size_t)2 << 20;

static size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

void *mng_memory_allocate(size_t bytes, bool zeroed) {
  if (bytes > SIZE_MAX / 4) return NULL;
  if (bytes < huge) {
    const size_t size = rounded(bytes == 0 ? 1 : bytes, 64);
    void *memory = aligned_alloc(64, size);
    if (memory != NULL && zeroed) memset(memory, 0, size);
    return memory;
  }
  // Maps more than needed and gives back what lies outside the aligned part.
  const size_t size = rounded(bytes, 4096);
  char *mapped =
      mmap(NULL, size + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return NULL;
  const size_t before = (huge - (uintptr_t)mapped % huge) % huge;
  if (before > 0) munmap(mapped, before);
  if (huge - before > 0) munmap(mapped + before + size, huge - before);
#if defined(MADV_HUGEPAGE)
  madvise(mapped + before, size, MADV_HUGEPAGE);
#endif
  return mapped + before;
}

void mng_memory_free(void *memory, size_t bytes) {
  if (memory == NULL) return;
  if (bytes < huge) {
    free(memory);
  } else {
    munmap(memory, rounded(bytes, 4096));
  }
}

int mng_available_cores(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}
