#!/usr/bin/env bash
# Compares HTTP requests, TLS and WebSocket messages with HAProxy (HTTP mode) and nginx (proxy_pass)
# in one run.
#
#   bench/http.sh [--quick] [--json FILE] [--rounds N]
#
# Prints a table of ratios and writes JSON. Otherwise like bench/compare.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench http "nginx haproxy wrk openssl node" "$@"
