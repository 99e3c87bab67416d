# Three brokers of Apache Kafka for tests/kafka.sh, with listeners for plain text, TLS, and TLS with SASL.
declare -A broker_port
nodes=(1 2 3)

# start_cluster: starts the brokers, and sets ${broker_port[LISTENER NODE]}; LISTENER is plain, tls, sasl or controller.
start_cluster() {
  local node listener voters='' begin
  begin=$(now)
  certificate broker
  for node in "${nodes[@]}"; do
    for listener in plain tls sasl controller; do broker_port[$listener $node]=$(free_port); done
    voters+=",$node@127.0.0.1:${broker_port[controller $node]}"
  done
  for node in "${nodes[@]}"; do
    broker_settings "$node" "${voters#,}" >"$folder/broker$node.properties"
    start "broker$node" bash -c 'format() { "${@:3}" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c "$1" \
        --add-scram "SCRAM-SHA-256=[name=alice,password=alice-secret]" --add-scram "SCRAM-SHA-512=[name=alice,password=alice-secret]" >"$2" 2>&1; }
      format "$@" && exec "${@:3}" kafka.Kafka "$1"' - "$folder/broker$node.properties" "$folder/format$node.log" \
      java -Xmx300m -Xms64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$libs/*"
  done
  for node in "${nodes[@]}"; do
    wait_for 240 listens "${broker_port[sasl $node]}" ||
      fail "expected broker $node to listen within 240 s: $(tail -5 "$folder/format$node.log" "$folder/broker$node.log")"
  done
  echo "== three brokers: $(since "$begin" | cut -d. -f1) s"
}

broker_settings() {
  cat <<P
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$2
listeners=PLAIN://127.0.0.1:${broker_port[plain $1]},TLS://127.0.0.1:${broker_port[tls $1]},SASL://127.0.0.1:${broker_port[sasl $1]},CONTROLLER://127.0.0.1:${broker_port[controller $1]}
listener.security.protocol.map=PLAIN:PLAINTEXT,TLS:SSL,SASL:SASL_SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAIN
log.dirs=$folder/data$1
auto.create.topics.enable=false
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=3
transaction.state.log.num.partitions=3
transaction.state.log.min.isr=2
share.coordinator.state.topic.replication.factor=3
share.coordinator.state.topic.num.partitions=3
share.coordinator.state.topic.min.isr=2
group.initial.rebalance.delay.ms=0
group.consumer.min.heartbeat.interval.ms=200
group.consumer.heartbeat.interval.ms=300
group.share.min.heartbeat.interval.ms=200
group.share.heartbeat.interval.ms=300
group.share.record.lock.duration.ms=15000
connections.max.reauth.ms=4000
$(sasl_settings sasl)
P
}

ports_of() { for node in "${nodes[@]}"; do echo -n "${broker_port[$1 $node]} "; done; }
servers_of() { for node in "${nodes[@]}"; do echo -n "\"127.0.0.1:${broker_port[$1 $node]}\", "; done; }
topics() { timeout 200 /usr/bin/python3 "$kafka_clients/topics.py" "${broker_port[plain 1]}" "$@"; }

# front NAME LISTENER RULES: starts brownout in front of the listeners of all brokers, with TLS where they have it. Sets
# $front_port, $front_ports (of all brokers) and $last_pid.
front() {
  local first last tls=''
  first=$(free_port)
  for _ in 2 3 4; do last=$(free_port); done
  front_port=$(free_port)
  front_ports=$(seq -s ' ' "$first" "$last")
  {
    printf 'version = 1\nseed = 7\n[[upstream]]\nname = "brokers"\nservers = [%s]\n' "$(servers_of "$2")"
    [ "$2" = plain ] || printf 'tls = { ca = "%s" }\n' "$folder/broker.pem"
    [ "$2" = plain ] || tls="tls = { certificate = \"$folder/front.pem\", key = \"$folder/front.key\" }"
    printf '[[listener]]\nname = "front"\nprotocol = "kafka"\nlisten = "127.0.0.1:%s"\nupstream = "brokers"\nbrokers = "follow"\nbroker_ports = "%s-%s"\n%s\n' \
      "$front_port" "$first" "$last" "$tls"
    printf '%s\n' "$3"
  } >"$folder/$1.toml"
  start "$1" "$brownout" run "$folder/$1.toml" --events "$folder/$1.jsonl" --drain 0s --api off
  wait_for 20 grep -q 'listener front: 127' "$folder/$1.log" || fail "expected brownout to listen: $(cat "$folder/$1.log")"
}

# ended PID: ends a process of this script.
ended() {
  kill "$1"
  wait "$1" 2>/dev/null || true
}

# wait_jobs: waits for all jobs but the servers that the script started.
wait_jobs() {
  local job
  for job in $(jobs -rp); do [[ " ${pids[*]} " == *" $job "* ]] || wait "$job" || true; done
}
