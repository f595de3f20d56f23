#!/usr/bin/env bash
# Rust's tests, with nextest where it is installed: `scripts/rust.sh crates`, `scripts/rust.sh journeys`, or the long one that
# neither runs, `scripts/rust.sh soak`.
# Nextest is always given the whole workspace: a package alone would resolve other features and build anew.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

# What a journey could not do here is read out at the end: a runner keeps the words of passing tests to itself.
COUNTERSIGN_SKIPPED=$(mktemp)
export COUNTERSIGN_SKIPPED
trap 'cat "$COUNTERSIGN_SKIPPED"; rm -f "$COUNTERSIGN_SKIPPED"' EXIT

if ! command -v cargo-nextest >/dev/null; then
  case "$1" in
    crates) cargo test --quiet --workspace --exclude journeys ;;
    journeys) cargo test --quiet --package journeys ;;
    soak) cargo build --workspace && cargo test --package journeys soak -- --ignored --nocapture ;;
  esac
  exit
fi
case "$1" in
  crates) cargo nextest run --workspace --no-tests=pass -E 'not package(journeys)' ;;
  journeys) cargo nextest run --workspace --no-tests=pass -E 'package(journeys)' ;;
  soak) cargo nextest run --workspace --run-ignored only --no-capture -E 'package(journeys) & test(soak)' ;;
esac
