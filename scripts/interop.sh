#!/usr/bin/env bash
# Lets the real frameworks judge Menagerie's files: every network to every format, and the round trips.
#   scripts/interop.sh [MENAGERIE_BINARY] [--only PATTERN]… [--list] [--keep] [--llama] [--learning]
# Without a binary, the release build is made first. The Python environment and the seeded networks are made
# once, in the cache. The last line counts; the exit status is 1 when something failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=
if [ $# -gt 0 ] && [[ $1 != --* ]]; then
  binary=$(realpath "$1")
  shift
fi
if [ -z "$binary" ]; then
  "$here/packages.sh"
  (cd "$here/.." && swift build -c release --product menagerie >&2)
  binary=$(cd "$here/.." && swift build -c release --show-bin-path)/menagerie
fi
# Runs that several processes share; without, they are left out
command -v mpirun >/dev/null || "$here/packages.sh" openmpi-bin || echo "There is no mpirun." >&2
python=$("$here/python.sh")
exec "$python" "$here/interop/interop.py" --menagerie "$binary" "$@"
