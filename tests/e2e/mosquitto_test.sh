#!/usr/bin/env bash
# mosquitto over a TCP listener: messages of every QoS, with and without faults.
brownout=$1
source "$(dirname "$0")/lib.sh"
need mosquitto mosquitto_pub mosquitto_sub

start_mosquitto mosquitto $'max_queued_messages 0'
port=$broker
proxy plain "$port"

for qos in 0 1 2; do
  start "sub$qos" stdbuf -oL mosquitto_sub -p "$proxy_port" -i "sub$qos" -t "topic/$qos" -q "$qos" -C 500 -d
  sub=$last_pid
  wait_for 10 grep -q SUBACK "$folder/sub$qos.log" || fail "SUBSCRIBE at QoS $qos"
  seq 1 500 | mosquitto_pub -p "$proxy_port" -t "topic/$qos" -q "$qos" -l
  wait "$sub" || fail "not all messages of QoS $qos arrived"
  grep -E '^[0-9]+$' "$folder/sub$qos.log" | cmp - <(seq 1 500) || fail "QoS $qos: lost, doubled or out of order"
done
pass "500 messages at QoS 0, 1 and 2: none lost, doubled or out of order"

proxy slow "$port" '[[rule]]
match = { direction = "upstream" }
fault = { type = "latency", delay = "150ms" }'
begin=$(now)
mosquitto_pub -p "$proxy_port" -t x -m y -q 1
# CONNECT and PUBLISH are each delayed in one direction.
at_least "$(since "$begin")" 0.3 || fail "latency: publishing took $(since "$begin") s"
pass "latency: connect and publish are delayed"

proxy dead "$port" '[[rule]]
fault = { type = "reset" }'
if timeout 5 mosquitto_pub -p "$proxy_port" -t x -m y -q 1 2>/dev/null; then fail "published through a reset"; fi
pass "reset: publishing fails"

# A half-open link: the keep-alive must detect it (mosquitto_sub's shortest is 5 s).
proxy cable "$port" '[[rule]]
start = "1s"
fault = { type = "unplug" }'
start keepalive stdbuf -oL mosquitto_sub -p "$proxy_port" -t x -k 5 -d
wait_for 15 grep -q 'PINGREQ' "$folder/keepalive.log" || fail "no PINGREQ was sent"
if grep -q PINGRESP "$folder/keepalive.log"; then fail "a PINGRESP came through a cut cable"; fi
pass "unplug: PINGREQ gets no answer on an open connection"
