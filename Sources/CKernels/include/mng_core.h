#ifndef MNG_CORE_H
#define MNG_CORE_H

#include <stdbool.h>

/// Whether a core reads a stream of memory fastest when software asks for each line of it, into the first cache level:
/// AMD's since Zen 5. Others follow a stream best by themselves. Cached.
bool mng_core_asks_all(void);

/// What the calling thread takes for the answer from now on. For tests.
void mng_core_assume_asks_all(bool answer);

/// Takes that back.
void mng_core_assume_nothing(void);

#endif
