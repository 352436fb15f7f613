#include "dequantize.h"

MNG_DEQUANTIZE(q4_K)
