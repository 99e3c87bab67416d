#!/usr/bin/env bash
# Tests that clients of Kafka (the Java client, kafkajs, aiokafka) get through a listener without rules the same as
# directly, and log in through TLS on both sides. tests/kafka.sh does more of this, outside CI.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/kafka_lib.sh"
source "$(dirname "$0")/../kafka/clients.sh"
need openssl
certificate broker
certificate front
secure=$(free_port)
(need_clients) &
compiler=$!
start_kafka "$(sasl_settings sasl)" "$secure"
wait "$compiler"

plain_front=$(free_port)
plain_broker=$(free_port)
secure_front=$(free_port)
cat >"$folder/front.toml" <<P
version = 1
seed = 7
[[upstream]]
name = "plain"
servers = ["127.0.0.1:$server"]
[[upstream]]
name = "secure"
servers = ["127.0.0.1:$secure"]
tls = { ca = "$folder/broker.pem" }
[[listener]]
name = "plain"
protocol = "kafka"
listen = "127.0.0.1:$plain_front"
upstream = "plain"
brokers = "follow"
broker_ports = "$plain_broker"
[[listener]]
name = "secure"
protocol = "kafka"
listen = "127.0.0.1:$secure_front"
upstream = "secure"
brokers = "follow"
broker_ports = "$(free_port)"
tls = { certificate = "$folder/front.pem", key = "$folder/front.key" }
P
start front "$brownout" run "$folder/front.toml" --events "$folder/front.jsonl" --drain 0s --api off
wait_for 20 grep -q 'listener secure: 127' "$folder/front.log" || fail "expected brownout to listen: $(cat "$folder/front.log")"
declare -A parts=([java]="codecs groups transactions" [kafkajs]="groups transactions admin" [aiokafka]="codecs groups transactions admin")
# results CLIENT WAY PORT BROKER_PORT: writes the results of a client.
results() {
  # shellcheck disable=SC2086
  KAFKA_SERVER=127.0.0.1:$3 KAFKA_PORTS=$4 client "$1" same "$1-$2" ${parts[$1]} >"$folder/$1.$2" 2>"$folder/$1.$2.err"
}
# login CLIENT PASSWORD: logs in through TLS.
login() {
  KAFKA_SERVER=127.0.0.1:$secure_front KAFKA_CA=$folder/front.pem KAFKA_SASL=PLAIN KAFKA_USER=alice KAFKA_PASSWORD=$2 \
    client "$1" login >"$folder/$1.$2" 2>&1
}
jobs=()
for each in java kafkajs aiokafka; do
  results "$each" direct "$server" "$server" &
  jobs+=("$!")
  results "$each" front "$plain_front" "$plain_broker" &
  jobs+=("$!")
done
for job in "${jobs[@]}"; do wait "$job" || fail "expected the clients to end well: $(tail -n 8 "$folder"/*.err "$folder"/*.direct "$folder"/*.front)"; done
for each in java kafkajs aiokafka; do
  diff "$folder/$each.direct" "$folder/$each.front" >"$folder/diff" || fail "$each: expected the same as directly, got: $(cat "$folder/diff")"
  pass "$each: the same $(wc -l <"$folder/$each.front") lines as directly"
done
jobs=()
for each in java kafkajs aiokafka; do
  for password in alice-secret wrong; do
    login "$each" "$password" &
    jobs+=("$!")
  done
done
wait "${jobs[@]}"
for each in java kafkajs aiokafka; do
  grep -q 'logged in, brokers 1' "$folder/$each.alice-secret" || fail "$each: expected a login through TLS, got: $(cat "$folder/$each.alice-secret")"
  # aiokafka does not tell the reason.
  grep -qi 'auth\|Unable to bootstrap' "$folder/$each.wrong" || fail "$each: expected that a wrong password is told, got: $(cat "$folder/$each.wrong")"
done
grep -q 'not Kafka\|unknown Kafka' "$folder/front.log" && fail "expected every message to be understood: $(cat "$folder/front.log")"
pass "logins through TLS on both sides"
