#include "dequantize.h"

MNG_DEQUANTIZE(q2_K)
