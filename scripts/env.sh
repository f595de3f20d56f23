# Where things are; sourced by the other scripts.
export COUNTERSIGN_CACHE="${COUNTERSIGN_CACHE:-$HOME/.cache/countersign}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/countersign-target}"
export PATH="$COUNTERSIGN_CACHE/node/node_modules/.bin:$HOME/.cargo/bin:$PATH:$COUNTERSIGN_CACHE/bin"
cache=$COUNTERSIGN_CACHE
mkdir -p "$cache"
