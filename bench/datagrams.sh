#!/usr/bin/env bash
# Compares UDP forwarding with nginx (stream), and DNS forwarding with unbound (dnsperf), in one run
# with one worker each.
#
#   bench/datagrams.sh [--quick] [--json FILE] [--rounds N]
#
# Prints a table of ratios and writes JSON. Otherwise like bench/compare.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench datagrams "nginx unbound dnsperf" "$@"
