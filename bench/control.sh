#!/usr/bin/env bash
# What the control plane costs: traffic through a proxy whose API is polled, with a thousand proxies defined, beside the
# same proxy left alone; how long a thousand proxies with toxics take to make; how quick the API is under full load.
#
#   bench/control.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench control "" "$@"
