#!/usr/bin/env bash
# Compares a direct connection, brownout, HAProxy (TCP mode) and nginx (stream) in one run, with the
# same number of threads.
#
#   bench/compare.sh [--quick] [--json FILE] [--rounds N]
#
# For each row prints the ratio to the better of HAProxy and nginx, and writes JSON. Client, proxy
# and server share the machine, so absolute numbers vary. Each row therefore measures all of them in
# turn for several rounds, and takes the median. All traffic is on loopback, all files are in a
# temporary folder, and all started processes are ended.
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench compare "haproxy nginx" "$@"
