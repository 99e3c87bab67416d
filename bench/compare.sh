#!/usr/bin/env bash
# Compares a direct connection, brownout, HAProxy (TCP mode) and nginx (stream) in one run, with the same number of
# threads.
#
#   bench/compare.sh [--quick] [--json FILE] [--rounds N]
#
# Prints a table of ratios to the better of HAProxy and nginx for each row, and writes JSON. Client, proxy and server
# share the machine, so absolute numbers drift; each row measures all of them in turn for several rounds, and takes
# the median. Everything runs on loopback in a temporary folder, and is ended by its own pid.
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench compare "haproxy nginx" "$@"
