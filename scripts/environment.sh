# Sourced by the scripts that print a Python's path: environments of it outside the work tree, each built once.
#   build_environment NAME REQUIREMENTS MESSAGE COMMAND…
# sets $environment; where it is not there yet, it makes it and calls COMMAND to fill it.
build_environment() {
  local name=$1 requirements=$2 message=$3 base
  shift 3
  local cache=${MENAGERIE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/menagerie}
  environment=$cache/$name-$(sha256sum "$requirements" | cut -c1-12)
  [ -e "$environment/.complete" ] && return
  mkdir -p "$cache"
  exec 9>"$environment.lock"
  flock 9  # two scripts at once build it once
  [ -e "$environment/.complete" ] && return
  base=$(command -v python3.11 || command -v python3)
  if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
    "$here/packages.sh" python3-venv >&2
    base=$(command -v python3)
  fi
  echo "$message in $environment …" >&2
  rm -rf "$environment"
  "$base" -m venv "$environment" >&2
  "$@" >&2
  touch "$environment/.complete"
}
