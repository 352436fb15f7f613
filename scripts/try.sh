#!/usr/bin/env bash
# Builds Menagerie and shows the main job on a model that the repository carries: look at it, convert it to every
# format, check each against the original, classify pictures. Installs the Debian packages that are missing.
#   scripts/try.sh [--quiet]    --quiet shows only what fails
set -euo pipefail
cd "$(dirname "$0")/.."
quiet=${1:-}
scripts/packages.sh

echo "Building (release) …" >&2
swift build -c release --product menagerie >&2
menagerie=$(swift build -c release --show-bin-path)/menagerie
models=docs/examples/digits
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

try() {
  if [ -n "$quiet" ]; then
    "$menagerie" "$@" >"$work/said" 2>&1 || { cat "$work/said" >&2; echo "failed: menagerie $*" >&2; exit 1; }
  else
    printf '\n\033[1m$ menagerie %s\033[0m\n' "$*"
    "$menagerie" "$@"
  fi
}

try inspect "$models/digits-resnet.pth"
for target in safetensors npz onnx h5 keras; do
  try convert "$models/digits-resnet.pth" "$work/digits.$target"
done
for target in safetensors npz onnx h5 keras; do
  try convert "$work/digits.$target" "$work/from-$target.pth"
  try verify "$models/digits-resnet.pth" "$work/from-$target.pth"
done
for target in safetensors npz onnx; do  # Keras has no place for num_batches_tracked
  try diff "$models/digits-resnet.pth" "$work/from-$target.pth"
done
for target in safetensors onnx h5 keras; do
  try verify "$models/digits-resnet.pth" "$work/digits.$target"
done
try convert "$models/digits-resnet.h5" "$work/keras.onnx"
try verify "$models/digits-resnet.h5" "$work/keras.onnx"
try run "$models/digits-resnet.pth" "$models"/*.png --top 2
[ -n "$quiet" ] || printf '\nThe executable is %s\n' "$menagerie"
