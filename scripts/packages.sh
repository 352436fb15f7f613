#!/usr/bin/env bash
# Installs the Debian packages that are missing: those that the build needs, or those that are named.
set -euo pipefail
if [ $# -eq 0 ]; then
  set -- pkg-config libprotobuf-c-dev libhdf5-dev libzip-dev libopenblas-dev libjpeg62-turbo-dev libpng-dev libdeflate-dev nettle-dev
fi
missing=()
for package in "$@"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
echo "Installing ${missing[*]} …" >&2
root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "error: as root, run: apt-get install ${missing[*]}" >&2; exit 1; }
  root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update -q >&2
"${root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
