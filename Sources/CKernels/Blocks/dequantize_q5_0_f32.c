#include "dequantize.h"

MNG_DEQUANTIZE(q5_0)
