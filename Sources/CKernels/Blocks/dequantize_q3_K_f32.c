#include "dequantize.h"

MNG_DEQUANTIZE(q3_K)
