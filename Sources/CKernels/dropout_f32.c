#include "mng_dropout_f32.h"

#include "lanes.h"

enum { GROUP = 64, BLOCKS = 16, LANES = 16 };

typedef uint32_t words __attribute__((ext_vector_type(16), aligned(4)));
typedef uint64_t products __attribute__((ext_vector_type(16)));

/// The upper halves of products of 32 bits each; no function, for vectors that have no register.
#define UPPER(x, factor) \
  __builtin_convertvector((__builtin_convertvector(x, products) * (factor)) >> 32, words)

/// The words of a group's elements, in their order.
MNG_INLINE void group_words(const mng_dropout *d, uint64_t group, words result[4]) {
  const words places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const uint64_t first = group * BLOCKS;
  words a = places + (uint32_t)first, b = (words)(uint32_t)(first >> 32);
  words c = (words)d->step, e = (words)d->stream;
  uint32_t key0 = d->key[0], key1 = d->key[1];
  for (int round = 0; round < 10; round++) {
    const words high0 = UPPER(a, 0xD2511F53u), low0 = a * 0xD2511F53u;
    const words high1 = UPPER(c, 0xCD9E8D57u), low1 = c * 0xCD9E8D57u;
    a = high1 ^ b ^ key0;
    b = low1;
    c = high0 ^ e ^ key1;
    e = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  result[0] = a;
  result[1] = b;
  result[2] = c;
  result[3] = e;
}

MNG_INLINE void mng_dropout_f32_body(const mng_dropout *d, uint64_t start, size_t count,
                                     const float *x, float *y) {
  words all[4];
  size_t i = 0;
  while (i < count) {
    const uint64_t place = start + i;
    size_t within = place % GROUP;
    group_words(d, place / GROUP, all);
    if (within == 0 && count - i >= GROUP) {
      for (int part = 0; part < 4; part++, i += LANES) {
        const mng_f32x16 kept = MNG_READ(mng_f32x16, x + i) * d->scale;
        // Comparisons give all bits or none.
        const words stays = (words)(all[part] >= d->threshold);
        MNG_AT(words, y + i) = (words)kept & stays;
      }
      continue;
    }
    uint32_t flat[GROUP];
    memcpy(flat, all, sizeof flat);
    for (; within < GROUP && i < count; within++, i++)
      y[i] = flat[within] < d->threshold ? 0 : x[i] * d->scale;
  }
}

MNG_VARIANTS(mng_dropout_f32,
             (const mng_dropout *dropout, uint64_t start, size_t count, const float *x, float *y),
             (dropout, start, count, x, y))
