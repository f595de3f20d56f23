#!/usr/bin/env bash
# Rust's tests, with nextest where it is installed: `scripts/rust.sh crates` or `scripts/rust.sh journeys`.
# Nextest is always given the whole workspace: a package alone would resolve other features and build anew.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

if ! command -v cargo-nextest >/dev/null; then
  case "$1" in
    crates) exec cargo test --quiet --workspace --exclude journeys ;;
    journeys) exec cargo test --quiet --package journeys ;;
  esac
fi
case "$1" in
  crates) exec cargo nextest run --workspace --no-tests=pass -E 'not package(journeys)' ;;
  journeys) exec cargo nextest run --workspace --no-tests=pass -E 'package(journeys)' ;;
esac
