#!/usr/bin/env bash
# Prints the path of a Python with llama-cpp-python, compiled here for this CPU, building its environment once, outside the work tree.
# Wanted only by those who prove or measure Menagerie beside llama.cpp: the judge of GGUF files, and the speed to beat.
# CMAKE_BUILD_PARALLEL_LEVEL bounds the compiler's processes (by default as many as processors).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/environment.sh"

llama() {
  local pip=("$environment/bin/pip" install --quiet --disable-pip-version-check)
  command -v g++ >/dev/null || "$here/packages.sh" g++
  "${pip[@]}" cmake==4.4.4 ninja==1.13.2 scikit-build-core[pyproject]==0.12.2
  # Its own kernels for this very CPU; no picture tools, no servers, no downloads.
  PATH="$environment/bin:$PATH" \
    CC=gcc CXX=g++ \
    CMAKE_ARGS="-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_CURL=OFF" \
    CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" \
    "${pip[@]}" --no-build-isolation --no-binary llama-cpp-python -r "$here/requirements-llama.txt"
  "$environment/bin/python" -c 'import llama_cpp'
}

build_environment llama "$here/requirements-llama.txt" "Compiling llama.cpp (about ten minutes, once)" llama
echo "$environment/bin/python"
