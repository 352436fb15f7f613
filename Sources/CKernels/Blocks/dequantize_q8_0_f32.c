#include "dequantize.h"

MNG_DEQUANTIZE(q8_0)
