#include "dequantize.h"

MNG_DEQUANTIZE(mxfp4)
