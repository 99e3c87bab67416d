#!/usr/bin/env bash
# Runs real clients of Kafka against three brokers of Apache Kafka: the Java client, librdkafka, kafkajs, aiokafka and
# franz-go. CI does not run this script, because it takes minutes (tests/e2e/kafka_clients_test.sh is its quick part).
#
#   tests/kafka.sh [--brownout FILE] [--only same|security|faults] [--client java|librdkafka|kafkajs|aiokafka|franz]
#
# same: through listeners without rules each client gets the same as directly; security: TLS on both sides, all SASL
# mechanisms, faults of authentication; faults: what a client feels under each fault. It needs go (1.26 or newer), which
# is not among Brownout's packages. The environment variable KEEP names a folder for the results of the clients.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
brownout=$here/../build/release/proxy/brownout
parts=(same security faults)
clients=(java librdkafka kafkajs aiokafka franz)
arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    --brownout) brownout=$(realpath "$2"); shift 2 ;;
    --only) parts=("$2"); shift 2 ;;
    --client) clients=("$2"); shift 2 ;;
    *) sed -n '5p' "$0" | sed 's/^# *//' >&2; exit 2 ;;
  esac
done
set -- "${arguments[@]}"
# The rest runs in a network of its own, from which nothing can be installed.
if [ -z "${BROWNOUT_E2E_NETWORK:-}" ]; then
  command -v go >/dev/null || { echo "go is needed and not installed; on Debian: apt-get install golang-go" >&2; exit 1; }
  "$here/../.ci/install-packages" --tests
  mkdir -p "$here/../build/kafka-franz"
  go build -C "$here/kafka/franz" -o "$here/../build/kafka-franz/franz" .
fi
source "$here/e2e/lib.sh"
source "$here/e2e/kafka_lib.sh"
source "$here/kafka/clients.sh"
source "$here/kafka/cluster.sh"
source "$here/kafka/same.sh"
source "$here/kafka/security.sh"
source "$here/kafka/faults.sh"

# Results are collected: the script goes on after one that is bad.
good() { echo "ok: $*" | tee -a "$folder/results"; }
bad() { echo "FAILED: $*" | tee -a "$folder/results" >&2; }

script_begin=$(now)
need_clients
certificate front
start_cluster
for part in "${parts[@]}"; do
  part_begin=$(now)
  "run_$part"
  echo "== $part: $(since "$part_begin" | cut -d. -f1) s"
done
echo "== $(grep -c '^ok' "$folder/results" || true) good, $(grep -c '^FAILED' "$folder/results" || true) bad, $(since "$script_begin" | cut -d. -f1) s"
! grep '^FAILED' "$folder/results"
