#!/usr/bin/env bash
# Makes onnx.pb-c.c and include/onnx.pb-c.h from onnx.proto (Debian: protobuf-c-compiler).
set -euo pipefail
cd "$(dirname "$0")"
protoc-c --c_out=. onnx.proto
mv onnx.pb-c.h include/
