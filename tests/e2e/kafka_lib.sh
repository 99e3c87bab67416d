# Functions for the end-to-end tests with Apache Kafka. Source after lib.sh.
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
libs=$here/../../build/kafka

# start_kafka [SETTINGS [PORT]]: starts a cluster of one broker, and sets $server to its port. With PORT, it has a listener
# there with TLS and SASL, which is named SASL.
start_kafka() {
  need java
  [ -d "$libs" ] || fail "Apache Kafka is needed and not installed; run .ci/install-packages --tests"
  server=$(free_port)
  local controller java
  controller=$(free_port)
  cat >"$folder/broker.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$server,CONTROLLER://127.0.0.1:$controller${2:+,SASL://127.0.0.1:$2}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL:SASL_SSL
log.dirs=$folder/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
${1:-}
P
  java=(java -Xmx256m -Xms64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$libs/*")
  "${java[@]}" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c "$folder/broker.properties" >"$folder/format.log" 2>&1 ||
    fail "expected the broker's folder to be formatted: $(cat "$folder/format.log")"
  start broker "${java[@]}" kafka.Kafka "$folder/broker.properties"
  wait_for 90 listens "$server" || fail "expected Apache Kafka to listen within 90 s: $(tail -5 "$folder/broker.log")"
}

# need_kafka_client: fails if the client for kafka_client.py is not installed.
need_kafka_client() {
  need /usr/bin/python3
  export PYTHONPATH=$here/../../build/pypi
  /usr/bin/python3 -c 'import confluent_kafka' || fail "the Kafka client for Python is needed and not installed; run .ci/install-packages --tests"
}

# kafka NAME RULES: starts brownout in front of the broker, with its own address in the broker's place.
kafka() {
  local next=$(($(cat "$folder/last_port") + 1))
  proxy "$1" "$server" "$2" "protocol = \"kafka\"
rewrite = { \"127.0.0.1:$server\" = \"127.0.0.1:$next\" }"
  [ "$proxy_port" = "$next" ] || fail "expected the proxy to listen on port $next, but it has $proxy_port"
}

# The client talks to the port that is given, to the last proxy, or to the broker.
at() { timeout 100 /usr/bin/python3 "$here/kafka_client.py" "$@" | tr '\n' ' '; }
client() { at "$proxy_port" "$@"; }
direct() { at "$server" "$@"; }

# expect WHAT PATTERN COMMAND...: checks that the output of COMMAND matches PATTERN.
expect() {
  local said
  said=$("${@:3}")
  # shellcheck disable=SC2053
  [[ "$said" == $2 ]] || fail "$1: expected output that matches \"$2\", got: $said"
}

# injected NAME ACTION COUNT: whether the proxy NAME has so many events of this action.
injected() { [ "$(grep -c "\"action\":\"$2\"" "$folder/$1.jsonl")" -ge "$3" ]; }
