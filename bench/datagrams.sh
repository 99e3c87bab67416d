#!/usr/bin/env bash
# UDP beside nginx (stream), and DNS forwarding beside unbound (dnsperf), in one run, one worker each.
#
#   bench/datagrams.sh [--quick] [--json FILE] [--rounds N]
#
# Prints a table of ratios and writes JSON; as bench/compare.sh in all else.
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench datagrams "nginx unbound dnsperf" "$@"
