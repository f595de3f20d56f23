#!/usr/bin/env bash
# Installs what is missing, and nothing else. Safe to run again, and quick when everything is there.
#
#   scripts/setup.sh run    what the app needs to be built and started
#   scripts/setup.sh test   that, and the parts the journeys run against
#   scripts/setup.sh lint   that, and cargo-deny
#
# Debian or Ubuntu; apt runs as root or through sudo. What is not apt's goes below
# ${COUNTERSIGN_CACHE:-~/.cache/countersign}, outside the clone, so that a second clone is ready at once.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/env.sh

packages_run=(build-essential pkg-config curl wget file ca-certificates libssl-dev libxdo-dev
  libwebkit2gtk-4.1-dev libayatana-appindicator3-dev librsvg2-dev xdg-utils)
packages_test=(xvfb xauth dbus dbus-x11 webkit2gtk-driver gnome-keyring libsecret-tools imagemagick x11-utils
  xdotool at-spi2-core libglib2.0-bin fonts-dejavu-core python3-venv faketime)

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
newer_or_same() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "apt packages are missing, and there is neither root nor sudo to install them"; fi
}

# Installs the apt packages among "$@" that are not there yet.
apt_packages() {
  local missing
  missing=$(comm -13 <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u) \
    <(printf '%s\n' "$@" | sort -u))
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || fail "no apt-get here. Install these yourself, then run this again:" $missing
  say "apt: installing" $missing
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# Rust as Cargo.toml asks for it; through rustup where there is none, or an older one.
rust() {
  local wanted
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  if ! command -v cargo >/dev/null; then
    say "rustup: installing Rust"
    curl --proto '=https' --tlsv1.2 -fsS https://sh.rustup.rs |
      sh -s -- -y --quiet --no-modify-path --profile minimal -c rustfmt -c clippy
  elif ! newer_or_same "$(rustc --version | cut -d' ' -f2)" "$wanted"; then
    command -v rustup >/dev/null || fail "Rust $wanted or newer is needed, and there is no rustup to install it"
    say "rustup: updating Rust"
    rustup update stable
  fi
}

# Node 20.19 or newer. Debian 12's own is older, so a newer one goes beside it, into the cache.
node_js() {
  node_is_new_enough && return 0
  apt_packages nodejs npm
  node_is_new_enough && return 0
  local arch
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) fail "Node 20.19 or newer is needed; please install it" ;;
  esac
  say "npm: fetching a newer Node"
  npm install --silent --prefix "$cache/node" "node-linux-$arch@20.20.2" npm@10
  ln -sf "../node-linux-$arch/bin/node" "$cache/node/node_modules/.bin/node"
}
node_is_new_enough() { command -v npm >/dev/null && newer_or_same "$(node --version | tr -d v)" 20.19; }

# `npm ci` in folder $1, when its lock file is not the one installed.
npm_packages() {
  [ -f "$1/package-lock.json" ] || return 0
  stamped "$1/node_modules/.countersign" "$1/package-lock.json" && return 0
  say "npm: installing $1"
  (cd "$1" && npm ci --silent --no-fund --no-audit)
  stamp "$1/node_modules/.countersign" "$1/package-lock.json"
}

# A Python environment $1 in the cache, with exactly what tests/parts/$1.txt names.
python_packages() {
  local wanted=tests/parts/$1.txt
  stamped "$cache/$1/.countersign" "$wanted" && return 0
  say "pip: installing $1"
  python3 -m venv --clear "$cache/$1"
  "$cache/$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
  stamp "$cache/$1/.countersign" "$wanted"
}

stamped() { [ -f "$1" ] && cmp -s "$1" <(sha256sum <"$2"); }
stamp() { sha256sum <"$2" >"$1"; }

for_run() {
  apt_packages "${packages_run[@]}"
  rust
  node_js
  npm_packages ui
}

for_test() {
  for_run
  apt_packages "${packages_test[@]}"
  npm_packages tests/parts
  npm_packages tests/parts/conformance
  python_packages python-sdk
  python_packages mcp-proxy
}

for_lint() {
  for_run
  command -v cargo-deny >/dev/null && return 0
  say "cargo: building cargo-deny, which takes some minutes, once"
  cargo install --quiet --locked --root "$cache" cargo-deny
}

case "${1:-run}" in
  run) for_run ;;
  test) for_test ;;
  lint) for_lint ;;
  *) fail "unknown: $1. Say run, test or lint" ;;
esac
