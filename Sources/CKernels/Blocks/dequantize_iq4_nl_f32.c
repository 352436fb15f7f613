#include "dequantize.h"

MNG_DEQUANTIZE(iq4_nl)
