#!/usr/bin/env bash
# Prints the path of a Python with llama-cpp-python, compiled here for this CPU, building its environment once, outside the work tree.
# Wanted only by those who prove or measure Menagerie beside llama.cpp: the judge of GGUF files, and the speed to beat.
# CMAKE_BUILD_PARALLEL_LEVEL bounds the compiler's processes (by default as many as processors).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
requirements=$here/requirements-llama.txt
cache=${MENAGERIE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/menagerie}
environment=$cache/llama-$(sha256sum "$requirements" | cut -c1-12)

if [ ! -e "$environment/.complete" ]; then
  mkdir -p "$cache"
  exec 9>"$environment.lock"
  flock 9  # two scripts at once build it once
fi
if [ ! -e "$environment/.complete" ]; then
  base=$(command -v python3.11 || command -v python3)
  if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
    "$here/packages.sh" python3-venv >&2
    base=$(command -v python3)
  fi
  command -v g++ >/dev/null || "$here/packages.sh" g++ >&2
  echo "Compiling llama.cpp (about ten minutes, once) in $environment …" >&2
  rm -rf "$environment"
  "$base" -m venv "$environment" >&2
  pip=("$environment/bin/pip" install --quiet --disable-pip-version-check)
  "${pip[@]}" cmake==4.4.4 ninja==1.13.2 scikit-build-core[pyproject]==0.12.2 >&2
  # Its own kernels for this very CPU; no picture tools, no servers, no downloads.
  PATH="$environment/bin:$PATH" \
    CC=gcc CXX=g++ \
    CMAKE_ARGS="-DGGML_NATIVE=ON -DLLAVA_BUILD=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_OPENSSL=OFF -DLLAMA_CURL=OFF" \
    CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" \
    "${pip[@]}" --no-build-isolation --no-binary llama-cpp-python -r "$requirements" >&2
  "$environment/bin/python" -c 'import llama_cpp' >&2
  touch "$environment/.complete"
fi
echo "$environment/bin/python"
