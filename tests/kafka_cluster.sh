#!/usr/bin/env bash
# Runs clients through a listener with brokers = "follow" in front of three brokers of Apache Kafka, which are restarted
# one after the other, the last of them at another address. All records must arrive once, and none may bypass the
# listener. Too slow for CI: about two minutes.
#
#   tests/kafka_cluster.sh [BROWNOUT]    BROWNOUT is build/release/proxy/brownout if left out
here=$(dirname "$(readlink -f "$0")")
brownout=${1:-$here/../build/release/proxy/brownout}
source "$here/e2e/lib.sh"
need java /usr/bin/python3 ss
libs=$here/../build/kafka
export PYTHONPATH=$here/../build/pypi
[ -d "$libs" ] || fail "Apache Kafka is needed and not installed; run .ci/install-packages --tests"

java=(java -Xmx256m -Xms64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$libs/*")
declare -a ports controllers pids
for node in 1 2 3; do
  ports[node]=$(free_port)
  controllers[node]=$(free_port)
done
voters="1@127.0.0.1:${controllers[1]},2@127.0.0.1:${controllers[2]},3@127.0.0.1:${controllers[3]}"
# broker NODE: starts a broker on ${ports[NODE]}.
broker() {
  cat >"$folder/$1.properties" <<P
process.roles=broker,controller
node.id=$1
controller.quorum.voters=$voters
listeners=PLAINTEXT://127.0.0.1:${ports[$1]},CONTROLLER://127.0.0.1:${controllers[$1]}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$folder/data$1
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
group.initial.rebalance.delay.ms=0
P
  [ -d "$folder/data$1" ] || "${java[@]}" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qg -c "$folder/$1.properties" >"$folder/format$1.log" 2>&1
  start "broker$1" "${java[@]}" kafka.Kafka "$folder/$1.properties"
  pids[$1]=$last_pid
}
for node in 1 2 3; do broker "$node"; done
for node in 1 2 3; do wait_for 120 listens "${ports[$node]}" || fail "expected broker $node to listen within 120 s: $(tail -5 "$folder/broker$node.log")"; done

first=$(free_port)
for _ in 2 3 4 5; do last=$(free_port); done
proxy front "${ports[1]}" '[[rule]]
match = { api = "Produce" }
fault = { type = "delay", delay = "1ms" }' "protocol = \"kafka\"
brokers = \"follow\"
broker_ports = \"$first-$last\""
sed -i "s/^servers = .*/servers = [\"127.0.0.1:${ports[1]}\", \"127.0.0.1:${ports[2]}\", \"127.0.0.1:${ports[3]}\"]/" "$folder/front.toml"
kill -HUP "$last_pid"
wait_for 10 grep -q SIGHUP "$folder/front.log" || fail "expected a reload: $(cat "$folder/front.log")"
client() { timeout 200 /usr/bin/python3 "$here/e2e/kafka_client.py" "$proxy_port" "$@"; }
client create orders 6 >"$folder/created" || fail "expected a topic: $(cat "$folder/created")"
seen=$(client brokers orders)
[ "$(grep -o "@127.0.0.1:" <<<"$seen" | wc -l)" = 3 ] || fail "expected three brokers, got: $seen"
grep -qE "@127.0.0.1:(${ports[1]}|${ports[2]}|${ports[3]})( |$)" <<<"$seen" && fail "expected ports of the listener only, got: $seen"
pass "three brokers have ports of the listener: $(head -1 <<<"$seen")"

client produce orders 4000 enable.idempotence=true >"$folder/produced" 2>&1 &
producer=$!
client consume orders readers 4000 >"$folder/consumed" 2>&1 &
consumer=$!
for node in 1 2 3; do
  sleep 2
  kill "${pids[$node]}"
  wait_for 60 bash -c "! kill -0 ${pids[$node]} 2>/dev/null" || fail "expected broker $node to end"
  [ "$node" = 3 ] && ports[3]=$(free_port)
  broker "$node"
  wait_for 120 listens "${ports[$node]}" || fail "expected broker $node to listen again: $(tail -5 "$folder/broker$node.log")"
  for pid in "$producer" "$consumer"; do
    direct=$(ss -Htnp state established | grep -E "127.0.0.1:(${ports[1]}|${ports[2]}|${ports[3]}) " | grep "pid=$(pgrep -P "$pid" -f kafka_client.py | head -1)," || true)
    [ -z "$direct" ] || fail "expected no connection past the listener, got: $direct"
  done
done
wait "$producer"
[ "$(cat "$folder/produced")" = "4000 delivered" ] || fail "expected 4000 delivered records, got: $(cat "$folder/produced")"
wait "$consumer"
read -r all different _ <"$folder/consumed"
[ "$different" = 4000 ] || fail "expected 4000 different records, got: $(cat "$folder/consumed")"
pass "a rolling restart, with a new address for the last broker: 4000 of 4000 records, $all read"
