#!/usr/bin/env bash
# Measures the cost of the control plane: traffic through a proxy whose API is polled, with a
# thousand proxies defined, compared with the same proxy without polling. Also measures the time to
# create a thousand proxies with toxics, and the API's latency under full load.
#
#   bench/control.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench control "" "$@"
