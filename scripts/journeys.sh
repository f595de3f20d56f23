#!/usr/bin/env bash
# The stories end to end, against parts nobody here wrote. Expects the binaries built and a display (see test.sh).
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

if command -v cargo-nextest >/dev/null; then exec cargo nextest run --package journeys --no-tests=pass "$@"; fi
exec cargo test --quiet --package journeys "$@"
