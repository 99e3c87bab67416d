#!/usr/bin/env bash
# Measures the cost of protocol = "kafka" in records per second and MB per second, to produce and to consume, with p99 of
# producing and processor time per MB. Compares a direct connection, a plain TCP listener (whose address the broker
# announces), a listener of Kafka without rules, one with a rule that looks at topics, and one with a rule that looks at
# the text of each request; neither rule matches. The broker comes from .ci/install-packages --bench.
#
#   bench/kafka.sh [--quick] [--json FILE] [--rounds N]
set -euo pipefail
cd "$(dirname "$0")/.."
source bench/run.sh
[ -d build/kafka-bench ] || { echo "Apache Kafka is needed and not installed; run .ci/install-packages --bench" >&2; exit 2; }
run_bench kafka "java" "$@"
