#!/usr/bin/env bash
# Tests mosquitto behind a TCP listener: messages of every QoS, with and without faults.
brownout=$1
source "$(dirname "$0")/lib.sh"
need mosquitto mosquitto_pub mosquitto_sub

start_mosquitto mosquitto $'max_queued_messages 0'
port=$broker
proxy plain "$port"

for qos in 0 1 2; do
  start "sub$qos" stdbuf -oL mosquitto_sub -p "$proxy_port" -i "sub$qos" -t "topic/$qos" -q "$qos" -C 500 -d
  sub=$last_pid
  wait_for 10 grep -q SUBACK "$folder/sub$qos.log" ||
    fail "QoS $qos: expected mosquitto_sub to subscribe within 10 s, got: $(cat "$folder/sub$qos.log")"
  seq 1 500 | mosquitto_pub -p "$proxy_port" -t "topic/$qos" -q "$qos" -l
  wait "$sub" || fail "QoS $qos: expected all messages to arrive, but mosquitto_sub ended with exit code $?"
  grep -E '^[0-9]+$' "$folder/sub$qos.log" | cmp - <(seq 1 500) || fail "QoS $qos: expected the numbers 1 to 500, each once and in order, got others"
done
pass "500 messages at QoS 0, 1 and 2: none lost, doubled or out of order"

proxy slow "$port" '[[rule]]
match = { direction = "upstream" }
fault = { type = "latency", delay = "150ms" }'
begin=$(now)
mosquitto_pub -p "$proxy_port" -t x -m y -q 1
# CONNECT and PUBLISH are each delayed once, in one direction.
at_least "$(since "$begin")" 0.3 || fail "latency: expected publishing to take 0.3 s or more, but it took $(since "$begin") s"
pass "latency: connect and publish are delayed"

proxy dead "$port" '[[rule]]
fault = { type = "reset" }'
if timeout 5 mosquitto_pub -p "$proxy_port" -t x -m y -q 1 2>/dev/null; then fail "reset: expected publishing to fail, but it succeeded"; fi
pass "reset: publishing fails"

# A half-open connection: the keep-alive must detect it. The shortest keep-alive of mosquitto_sub is
# 5 s.
proxy cable "$port" '[[rule]]
start = "1s"
fault = { type = "unplug" }'
start keepalive stdbuf -oL mosquitto_sub -p "$proxy_port" -t x -k 5 -d
wait_for 15 grep -q 'PINGREQ' "$folder/keepalive.log" ||
  fail "unplug: expected the client to send a PINGREQ within 15 s, got: $(cat "$folder/keepalive.log")"
if grep -q PINGRESP "$folder/keepalive.log"; then fail "unplug: expected no PINGRESP to reach the client, but one did"; fi
pass "unplug: PINGREQ gets no answer on an open connection"
