# Functions for the end-to-end tests with Apache Kafka. Source after lib.sh.
libs=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../build/kafka

# start_kafka [SETTINGS]: starts a cluster of one broker, and sets $server to its port.
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
listeners=PLAINTEXT://127.0.0.1:$server,CONTROLLER://127.0.0.1:$controller
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
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
