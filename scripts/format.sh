#!/usr/bin/env bash
# Formats all Swift sources in place; with --check it only says what it would change, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = --check ]; then
  git ls-files -z '*.swift' | xargs -0 swift format lint --strict --parallel
else
  git ls-files -z '*.swift' | xargs -0 swift format format --in-place --parallel
fi
