#!/usr/bin/env bash
# Builds everything and runs the tests, installing what is missing.
#   scripts/test.sh [FILTER]    FILTER is a pattern of test names, as in `swift test --filter`
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/packages.sh

# Unsafe code lives where docs/architecture.md says, and nowhere else
allowed='^(Sources/(BinaryIO|Tensors|Kernels|Images|Archives|Collectives/MPI|MenagerieBench)/|converters/(Keras/HDF5|ONNX/Proto)/)'
if stray=$(git grep -lwE 'unsafe' -- 'Sources/*.swift' 'converters/*.swift' 'zoo/*.swift' | grep -vE "$allowed"); then
  echo "error: 'unsafe' outside the places that docs/architecture.md lists:" >&2
  echo "$stray" >&2
  exit 1
fi
scripts/format.sh --check

swift build --build-tests
swift test --skip-build ${1:+--filter "$1"}
scripts/try.sh --quiet
echo "All tests passed."
