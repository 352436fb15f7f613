#!/usr/bin/env bash
# Damages copies of the golden files in thousands of ways and gives them to the executable: it must not crash,
# hang or swell, and must end with status 0, 1, 3 or 4, one line of reason and no output file.
#   scripts/fuzz.sh [MENAGERIE_BINARY] [--mutations N] [--only PATTERN] [--seed N]
# Without a binary, the release build is made first. Needs no Python package. Files that fail are kept.
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
exec python3 "$here/fuzz/fuzz.py" --menagerie "$binary" "$@"
