#include "onnx.pb-c.h"
typedef int mng_empty;
