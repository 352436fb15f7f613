#ifndef MNG_PEAK_H
#define MNG_PEAK_H

#include <stddef.h>

/// Does `rounds` times twelve independent multiply-adds of full vectors of the current instruction
/// set, and returns how many float operations that were: what the processor can do at most, for
/// benches.
double mng_peak_f32(size_t rounds);

/// Reads `bytes` bytes, a multiple of 256, and returns a number made of all: what the memory can do
/// at most, for benches.
unsigned long long mng_read_all(const void *memory, size_t bytes);

#endif
