#!/usr/bin/env bash
# Everything, in the order in which it tells most for its time; at the end, each runner's closing lines again.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# step NAME COMMAND…: runs it, keeps what it printed, and tells how long it took.
step() {
  local name=$1 began=$SECONDS
  shift
  printf '\n\033[1m── %s\033[0m\n' "$name"
  if ! "$@" 2>&1 | tee "$logs/$name"; then
    printf '\n%s failed after %s s: %s\n' "$name" $((SECONDS - began)) "$*"
    exit 1
  fi
  printf '%-10s %4s s\n' "$name" $((SECONDS - began)) >>"$logs/times"
}

step setup scripts/setup.sh test
step format cargo fmt --all --check
step ui scripts/ui.sh test
step bundle scripts/ui.sh build
step clippy cargo clippy --workspace --all-targets --quiet -- -D warnings
step build cargo build --workspace --all-targets
step crates scripts/rust.sh crates
step docs cargo test --workspace --doc --quiet
step journeys xvfb-run --auto-servernum --server-args='-screen 0 1280x800x24' scripts/rust.sh journeys

printf '\n\033[1m── all of it: %s s\033[0m\n' "$SECONDS"
cat "$logs/times"
for name in ui crates docs journeys; do
  grep -E '^ *(.\[[0-9;]*m)* *(Summary|Test Files|Tests|test result:) ' "$logs/$name" | sort -u | sed "s/^ */$name: /" || true
done
