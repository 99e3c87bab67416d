#!/usr/bin/env bash
# Measures the cost of protocol = "nats" and "redis": messages per second through a plain TCP listener, through a
# listener of the protocol without rules, and with a rule that examines every message and matches none, in turns.
#
#   bench/messages.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench messages "nats-server redis-server redis-benchmark" "$@"
