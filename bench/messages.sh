#!/usr/bin/env bash
# Measures the cost of protocol = "nats" and "redis" in messages per second. Compares a plain TCP
# listener, a listener of the protocol without rules, and one whose rule examines every message and
# matches none.
#
#   bench/messages.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench messages "nats-server redis-server redis-benchmark" "$@"
