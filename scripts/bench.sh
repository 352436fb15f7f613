#!/usr/bin/env bash
# Measures Menagerie beside its neighbours, in turn in the same run: one JSON line a case, then a table on stderr.
#   scripts/bench.sh [MENAGERIE_BINARY] [--only PATTERN] [--rounds N] [--list]
# Without a binary, the release build is made first. Run it on a quiet machine.
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
python=$("$here/python.sh")
exec "$python" "$here/bench/bench.py" --menagerie "$binary" "$@"
