#!/usr/bin/env bash
# Prints the path of a Python that has the real frameworks, building its environment once, outside the work tree.
# Wanted only by those who prove or measure Menagerie: using it needs no Python.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/environment.sh"

frameworks() {
  "$environment/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
}

build_environment python "$here/requirements.txt" "Building the Python environment (about 8 GB, once)" frameworks
echo "$environment/bin/python"
