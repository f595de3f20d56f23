#!/usr/bin/env bash
# What a reviewer would otherwise have to say: formatting, lints, documentation, and what the dependencies bring along.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

scripts/setup.sh lint
scripts/ui.sh build
cargo fmt --all --check
node tests/vectors/make.mjs --check
cargo clippy --workspace --all-targets --quiet -- -D warnings
RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items --quiet
cargo deny --log-level error check bans licenses sources
