#!/usr/bin/env bash
# The user interface: `scripts/ui.sh build` or `scripts/ui.sh test`.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

[ -f ui/package.json ] || { echo "ui: not there yet"; exit 0; }
cd ui
case "$1" in
  build) npm run --silent build ;;
  test) npm run --silent check && npm test --silent ;;
esac
