#!/usr/bin/env bash
# Direct, brownout, HAProxy (TCP mode) and nginx (stream) side by side, in one run, with the same threads.
#
#   bench/compare.sh [--quick] [--json FILE] [--rounds N]
#
# Prints a table of ratios over the better of HAProxy and nginx in each row, and writes JSON. Client, proxy and
# server share the machine, so absolute numbers drift; each row measures all of them in turn, several rounds,
# and takes the median. Everything runs on loopback, in a temp folder, and is ended by its own pid.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=3
seconds=3
json=build/bench/compare.json
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rounds=1 seconds=1 ;;
    --json) json=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    *) echo "usage: bench/compare.sh [--quick] [--json FILE] [--rounds N]" >&2; exit 2 ;;
  esac
  shift
done
for tool in haproxy nginx python3; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: .ci/install-packages" >&2; exit 2; }
done
cmake --preset release >/dev/null
cmake --build --preset release --target brownout brownout_load >/dev/null

exec python3 bench/compare.py --rounds "$rounds" --seconds "$seconds" --json "$json" \
  --brownout build/release/proxy/brownout --load build/release/bench/brownout_load
