#!/usr/bin/env bash
# What protocol = "nats" and protocol = "redis" cost: messages per second through a plain TCP listener, through one of the
# protocol without rules, and through one with a rule that looks at every message and means none, in turns.
#
#   bench/messages.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
run_bench messages "nats-server redis-server redis-benchmark" "$@"
