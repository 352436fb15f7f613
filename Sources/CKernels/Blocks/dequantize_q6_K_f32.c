#include "dequantize.h"

MNG_DEQUANTIZE(q6_K)
