#!/usr/bin/env bash
# What the wallet adds to a call, beside its peers: one table, all in one run on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

scripts/setup.sh test
cargo build --release --package countersign --package journeys
exec "$CARGO_TARGET_DIR/release/bench" "$@"
