#!/usr/bin/env bash
# What protocol = "mqtt" costs: an exchange of numbered messages at QoS 2 through it, beside the same through a plain TCP
# listener and none at all, with no rule. Fails where one is lost, doubled or out of order.
#
#   bench/mqtt.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
cmake --preset release >/dev/null
cmake --build --preset release --target brownout_numbered_mqtt >/dev/null
run_bench mqtt "mosquitto" "$@"
