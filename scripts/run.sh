#!/usr/bin/env bash
# Builds everything in release and starts the wallet: its window, or `countersign serve` where there is no display.
#   scripts/run.sh         the wallet
#   scripts/run.sh demo    the whole story in a terminal, against the playground
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

scripts/setup.sh run
bin=$CARGO_TARGET_DIR/release

if [ "${1:-}" = demo ]; then
  cargo build --release --package countersign
  exec "$bin/countersign" demo
fi

scripts/ui.sh build
cargo build --release --package countersign --package countersign-app
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then exec "$bin/countersign-app"; fi

echo "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so the wallet starts without its window: countersign serve"
[ -d "${XDG_DATA_HOME:-$HOME/.local/share}/countersign" ] || "$bin/countersign" init
exec "$bin/countersign" serve
