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
source bench/run.sh
run_bench compare "haproxy nginx" "$@"
