#!/usr/bin/env bash
# HTTP requests, TLS and WebSocket messages, side by side with HAProxy (HTTP mode) and nginx (proxy_pass) in one run.
#
#   bench/http.sh [--quick] [--json FILE] [--rounds N]
#
# Prints a table of ratios and writes JSON; as bench/compare.sh in all else.
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench http "nginx haproxy wrk openssl node" "$@"
