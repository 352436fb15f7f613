#!/usr/bin/env bash
# Prints the path of a Python that has the real frameworks, building its environment once, outside the work tree.
# Wanted only by those who prove or measure Menagerie: using it needs no Python.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
requirements=$here/requirements.txt
cache=${MENAGERIE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/menagerie}
environment=$cache/python-$(sha256sum "$requirements" | cut -c1-12)

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
  echo "Building the Python environment (about 8 GB, once) in $environment …" >&2
  rm -rf "$environment"
  "$base" -m venv "$environment" >&2
  "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" >&2
  touch "$environment/.complete"
fi
echo "$environment/bin/python"
