#!/usr/bin/env bash
# Tests protocol = "kafka" with Apache Kafka and librdkafka: without matching rules all arrives, clients stay on the
# listener, and a client sees each fault as the real condition of a cluster.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/kafka_lib.sh"
need_kafka_client
start_kafka

kafka plain '[[rule]]
match = { topic = "nothing.*" }
fault = { type = "drop" }'
expect "a topic" "created " client create orders 3
expect "brokers and leaders" "1@127.0.0.1:$proxy_port leaders 1 1 1 " client brokers orders
for codec in none gzip snappy lz4 zstd; do
  expect "records with $codec" "20 delivered " client produce orders 20 compression.type="$codec" enable.idempotence=true
done
expect "an idempotent producer" "100 delivered " client produce orders 100 acks=all enable.idempotence=true
expect "a producer without acks" "20 delivered " client produce orders 20 acks=0
expect "a group" "220 100 [1-9]* " client consume orders readers 100
[ ! -s "$folder/plain.jsonl" ] || ! grep -q '"action"' "$folder/plain.jsonl" || fail "a rule for no topic: expected no action, got some"
grep -q 'not Kafka\|unknown Kafka' "$folder/plain.log" && fail "expected every message to be understood: $(cat "$folder/plain.log")"
pass "unmatched traffic passes, and clients stay on the listener"

direct create once 1 >/dev/null
direct create twice 1 >/dev/null
kafka appended '[[rule]]
match = { api = "Produce", every = 5 }
fault = { type = "kafka_error", error = "REQUEST_TIMED_OUT", after_append = true }'
expect "an idempotent producer that is told of failures" "20 delivered " client produce once 20 enable.idempotence=true retry.backoff.ms=10
expect "a producer without idempotence" "20 delivered " client produce twice 20 enable.idempotence=false acks=all retry.backoff.ms=10
expect "records of the idempotent producer" "20 " direct count once
expect "records of the other producer" "2[3-9] " direct count twice
pass "appended, and told that it failed: idempotence doubles nothing, its lack does"

kafka refused '[[rule]]
match = { api = "Produce", topic = "orders", first = 3 }
fault = { type = "kafka_error", error = "NOT_LEADER_OR_FOLLOWER", topic = "orders" }
[[rule]]
match = { api = "Produce", topic = "once" }
fault = { type = "reject", error = "POLICY_VIOLATION" }'
expect "a retriable error" "10 delivered " client produce orders 10 retry.backoff.ms=10
expect "a fatal error" "2 POLICY_VIOLATION " client produce once 2
injected refused answer 3 || fail "expected three answers in place of the broker"
pass "kafka_error and reject"

kafka throttled '[[rule]]
fault = { type = "kafka_throttle", time = "50ms" }'
expect "throttled" "3 delivered [1-9]* throttled " client produce orders 3
kafka leaderless '[[rule]]
fault = { type = "kafka_leader", how = "none", topic = "orders", partition = [0, 2] }'
expect "partitions without leader" "1@127.0.0.1:$proxy_port leaders -1 1 -1 " client brokers orders
kafka down '[[rule]]
fault = { type = "kafka_broker_down", node = 1 }'
expect "a broker that is down" "*leaders -1 -1 -1 " client brokers orders
kafka lagging '[[rule]]
fault = { type = "kafka_lag", records = 5000, topic = "once" }'
expect "the end of a partition" "5020 " client end once
kafka older '[[rule]]
fault = { type = "kafka_api_versions", api = "Produce", most = 7 }
[[rule]]
match = { api = "Produce" }
fault = { type = "delay", delay = "1ms" }'
expect "an older broker" "3 delivered " client produce orders 3
injected older alter 1 || fail "expected the versions to be limited"
pass "kafka_throttle, kafka_leader, kafka_broker_down, kafka_lag, kafka_api_versions"

kafka rebalancing '[[rule]]
match = { api = "Heartbeat", group = "shaken", first = 2 }
fault = { type = "kafka_rebalance" }'
expect "a group that rebalances" "*20 [2-9]* " client consume once shaken 20
kafka moving '[[rule]]
match = { group = "moved", first = 4 }
fault = { type = "kafka_coordinator" }'
expect "a group whose coordinator moves" "20 20 [1-9]* " client consume once moved 20
injected moving answer 4 || fail "expected four answers in place of the coordinator"
pass "kafka_rebalance, kafka_coordinator"

kafka forgetful '[[rule]]
match = { api = "Heartbeat", group = "forgotten", first = 2 }
fault = { type = "kafka_session", session = "member" }
[[rule]]
match = { api = "Produce", topic = "once", every = 5 }
fault = { type = "kafka_session", session = "producer" }
[[rule]]
match = { api = "Fetch", every = 3 }
fault = { type = "kafka_session", session = "fetch" }'
expect "a group member that the coordinator has forgotten" "*20 [2-9]* " client consume once forgotten 20
expect "an idempotent producer whose state is lost" "20 delivered " client produce once 20 enable.idempotence=true retry.backoff.ms=10
expect "records of the producer whose state was lost" "40 " direct count once
# librdkafka fetches without sessions; Kafka's own consumer has them.
reader() { java -Xmx128m -cp "$libs/*" "$here/KafkaReader.java" "$proxy_port" "$@" 2>"$folder/reader.log" | tr '\n' ' '; }
expect "a consumer whose fetch sessions are lost" "40 40 " reader once 40
grep '"fault":"kafka_session"' "$folder/forgetful.jsonl" | grep -c '"api":"Fetch"' >"$folder/lost"
[ "$(cat "$folder/lost")" -ge 5 ] || fail "expected five lost fetch sessions, got $(cat "$folder/lost")"
pass "kafka_session"

# With brokers = "follow", the broker's own address leads past the proxy no more.
first=$(free_port)
second=$(free_port)
proxy followed "$server" '[[rule]]
match = { api = "Produce" }
fault = { type = "delay", delay = "1ms" }' "protocol = \"kafka\"
brokers = \"follow\"
broker_ports = \"$first-$second\"
advertise = \"localhost\""
expect "the address of a followed broker" "1@localhost:$first leaders 1 1 1 " client brokers orders
expect "records to a followed broker" "20 delivered " client produce orders 20
expect "a group at a followed broker" "*20 [1-9]* " client consume once followers 20
injected followed delay 20 || fail "expected that a rule acts on all requests to a followed broker"
[ -z "$(timeout 5 bash -c "cat </dev/tcp/127.0.0.1/$second" 2>/dev/null)" ] || fail "a port without a broker: expected a reset"
echo "# more" >>"$folder/followed.toml"
kill -HUP "$last_pid"
wait_for 10 grep -q SIGHUP "$folder/followed.log" || fail "expected a reload: $(cat "$folder/followed.log")"
expect "a followed broker after a reload" "5 delivered " at "$first" produce orders 5
pass "brokers that are followed"

# One port for all brokers: the name in the ClientHello chooses the broker.
"$brownout" ca init --folder "$folder/ca" >/dev/null
cp /etc/hosts "$folder/hosts"
echo "127.0.0.1 broker-1.kafka.test" >>"$folder/hosts"
named() { KAFKA_CA=$folder/ca/ca.pem unshare --map-root-user --mount bash -c 'mount --bind "$0" /etc/hosts; exec "$@"' "$folder/hosts" /usr/bin/python3 "$here/kafka_client.py" "$proxy_port" "$@" | tr '\n' ' '; }
next=$(($(cat "$folder/last_port") + 1))
proxy named "$server" '[[rule]]
match = { node = 1, api = "Produce" }
fault = { type = "delay", delay = "1ms" }' "protocol = \"kafka\"
brokers = \"follow\"
broker_names = \"broker-{node}.kafka.test:$next\"
tls = { ca = \"$folder/ca\" }"
expect "the name of a broker" "1@broker-1.kafka.test:$proxy_port leaders 1 1 1 " named brokers orders
expect "records to a broker with a name" "20 delivered " named produce orders 20
injected named delay 20 || fail "expected that a rule acts on all requests to the broker with the id 1"
pass "brokers that are chosen by name"
