#!/usr/bin/env bash
# Measures the cost of protocol = "mqtt" without rules: numbered messages at QoS 2, compared with a
# plain TCP listener and a direct connection. Fails if a message is lost, duplicated or reordered.
#
#   bench/mqtt.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
cmake --preset release >/dev/null
cmake --build --preset release --target brownout_numbered_mqtt >/dev/null
run_bench mqtt "mosquitto" "$@"
