#!/usr/bin/env bash
# UDP beside nginx (stream), and DNS forwarding beside unbound (dnsperf), in one run, one worker each.
#
#   bench/datagrams.sh [--quick] [--json FILE] [--rounds N]
#
# Prints a table of ratios and writes JSON; as bench/compare.sh in all else.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=3
seconds=3
json=build/bench/datagrams.json
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rounds=1 seconds=1 ;;
    --json) json=$2; shift ;;
    --rounds) rounds=$2; shift ;;
    *) echo "usage: bench/datagrams.sh [--quick] [--json FILE] [--rounds N]" >&2; exit 2 ;;
  esac
  shift
done
for tool in nginx unbound dnsperf python3; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: .ci/install-packages --bench" >&2; exit 2; }
done
cmake --preset release >/dev/null
cmake --build --preset release --target brownout brownout_load >/dev/null

exec python3 bench/datagrams.py --rounds "$rounds" --seconds "$seconds" --json "$json" \
  --brownout build/release/proxy/brownout --load build/release/bench/brownout_load
