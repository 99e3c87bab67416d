#!/usr/bin/env bash
# Tests protocol = "mqtt" with mosquitto: packets of both versions pass unchanged, and rules match
# by topic, QoS and client.
brownout=$1
source "$(dirname "$0")/lib.sh"
need mosquitto mosquitto_pub mosquitto_sub

start_mosquitto mosquitto $'max_queued_messages 0'
mqtt() { proxy "$1" "$broker" "$2" 'protocol = "mqtt"'; }
# subscribe NAME ARG...: starts a subscriber, and waits until it is subscribed. Received messages go
# to its log.
subscribe() {
  local name=$1
  shift
  start "$name" stdbuf -oL mosquitto_sub -p "$proxy_port" -i "$name" "$@" -d
  sub=$last_pid
  wait_for 10 grep -q SUBACK "$folder/$name.log" || fail "$name: expected mosquitto_sub to subscribe within 10 s, got: $(cat "$folder/$name.log")"
}
publish() { mosquitto_pub -p "$proxy_port" "$@"; }
got() { grep -E '^[a-z0-9]+$' "$folder/$1.log" | tr '\n' ' '; }

mqtt plain ""
for version in mqttv31 mqttv311 mqttv5; do
  for qos in 0 1 2; do
    # Work around a bug: mosquitto_sub 2.0.11 counts messages in flight wrongly at its receive
    # maximum (20).
    more=()
    [ "$version" != mqttv5 ] || more=(-D CONNECT receive-maximum 600)
    subscribe "$version$qos" -V "$version" "${more[@]}" -t "topic/$qos" -q "$qos" -C 500
    seq 1 500 | publish -V "$version" -t "topic/$qos" -q "$qos" -l
    wait "$sub" || fail "$version, QoS $qos: expected all messages to arrive, but mosquitto_sub ended with exit code $?"
    grep -E '^[0-9]+$' "$folder/$version$qos.log" | cmp - <(seq 1 500) ||
      fail "$version, QoS $qos: expected the numbers 1 to 500, each once and in order, got others"
  done
done
head -c 3000000 /dev/urandom >"$folder/large"
start large mosquitto_sub -p "$proxy_port" -t large -C 1 -N
sub=$last_pid
until publish -t large -f "$folder/large" && ! kill -0 "$sub" 2>/dev/null; do sleep 0.2; done
cmp "$folder/large" "$folder/large.log" || fail "a large message: expected the same bytes as were sent, got different ones"
if grep -q 'not MQTT' "$folder/plain.log"; then
  fail "MQTT without rules: expected every packet to be parsed, but the log reports bytes that are not MQTT: $(cat "$folder/plain.log")"
fi
pass "MQTT 3.1, 3.1.1 and 5.0 at QoS 0, 1 and 2, and 3 MB at once: none lost, doubled or out of order"

mqtt choosy '[[rule]]
match = { topic = "chat/+/secret", direction = "downstream" }
fault = { type = "drop" }
[[rule]]
match = { topic = "twice/#", direction = "downstream" }
fault = { type = "duplicate", share = "100%" }
[[rule]]
match = { client_id = "unheard", packet = "publish" }
fault = { type = "drop" }'
subscribe choosy -t '#' -q 1
publish -t chat/ann/secret -m lost -q 1
publish -t chat/ann/open -m open -q 1
publish -t twice/a -m doubled
publish -i unheard -t chat/ann/open -m unheard
publish -t end -m end -q 1
wait_for 10 grep -qx end "$folder/choosy.log" || fail "rules by topic: expected the last message within 10 s, got: $(cat "$folder/choosy.log")"
[ "$(got choosy)" = "open doubled doubled end " ] || fail "rules by topic: expected the messages \"open doubled doubled end\", got: $(got choosy)"
pass "messages are dropped by topic and by client, and duplicated"

mqtt deaf '[[rule]]
match = { packet = "pingresp" }
fault = { type = "drop" }'
start deaf_client stdbuf -oL mosquitto_sub -p "$proxy_port" -t x -k 5 -d
wait_for 20 grep -q 'sending PINGREQ' "$folder/deaf_client.log" ||
  fail "dropped pings: expected the client to send a PINGREQ within 20 s, got: $(cat "$folder/deaf_client.log")"
twice() { [ "$(grep -c 'sending CONNECT' "$folder/deaf_client.log")" -ge 2 ]; }
wait_for 30 twice || fail "dropped pings: expected the client to notice the missing PINGRESP and reconnect, got: $(cat "$folder/deaf_client.log")"
pass "a client that gets no PINGRESP connects again"

mqtt full '[[rule]]
match = { packet = "connect", user_name = "ann" }
fault = { type = "reject" }
[[rule]]
match = { packet = "subscribe" }
fault = { type = "reject", reason = 0x87 }'
refused() { mosquitto_pub -p "$proxy_port" -u ann -t x -m y "$@" 2>&1 || true; }
refused -V mqttv311 | grep -q 'broker unavailable' ||
  fail "reject, MQTT 3.1.1: expected the CONNACK \"broker unavailable\", got: $(refused -V mqttv311)"
refused -V mqttv5 | grep -qi 'server unavailable' || fail "reject, MQTT 5.0: expected the CONNACK \"server unavailable\", got: $(refused -V mqttv5)"
not_subscribed=$(timeout 5 mosquitto_sub -p "$proxy_port" -V mqttv5 -t x 2>&1 || true)
grep -q 'subscription requests were denied' <<<"$not_subscribed" || fail "reject: expected a SUBACK that denies the subscription, got: $not_subscribed"
publish -t x -m y -q 1 || fail "reject: expected other clients to publish, but publishing failed"
pass "connect and subscribe are refused, each with its own error"

mqtt moved '[[rule]]
match = { topic = "move" }
fault = { type = "mqtt_disconnect", reason = 156, server_reference = "127.0.0.1:1885" }'
start will stdbuf -oL mosquitto_sub -p "$broker" -i heir -t will -C 1 -d
will=$last_pid
wait_for 10 grep -q SUBACK "$folder/will.log" ||
  fail "mqtt_disconnect: expected the subscriber of the will to subscribe within 10 s, got: $(cat "$folder/will.log")"
start mover stdbuf -oL mosquitto_sub -p "$proxy_port" -i mover -V mqttv5 -t move --will-topic will --will-payload gone -d
wait_for 10 grep -q SUBACK "$folder/mover.log" ||
  fail "mqtt_disconnect: expected the client to subscribe within 10 s, got: $(cat "$folder/mover.log")"
mosquitto_pub -p "$broker" -t move -m now
wait_for 10 grep -q 'DISCONNECT (156)' "$folder/mover.log" ||
  fail "mqtt_disconnect: expected the client to receive DISCONNECT (156), got: $(cat "$folder/mover.log")"
wait "$will" || fail "mqtt_disconnect: expected the broker to publish the client's will, but it did not"
pass "a moved server sends a reason code, and the client's will is published"

mqtt unheard '[[rule]]
match = { direction = "downstream" }
fault = { type = "ack_loss" }'
start witness stdbuf -oL mosquitto_sub -p "$broker" -i witness -t stored -q 1 -C 1 -d
witness=$last_pid
wait_for 10 grep -q SUBACK "$folder/witness.log" ||
  fail "ack_loss: expected the subscriber to subscribe within 10 s, got: $(cat "$folder/witness.log")"
rc=0
timeout 2 mosquitto_pub -p "$proxy_port" -t stored -m here -q 1 || rc=$?
[ "$rc" = 124 ] || fail "ack_loss: expected the publisher to wait for its PUBACK until timeout ends it (exit code 124), got exit code $rc"
wait "$witness" || fail "ack_loss: expected the unacknowledged message to reach the broker, but no subscriber received it"
pass "a lost PUBACK: the broker has the message, and the publisher waits"

"$brownout" ca init --folder "$folder/ca" >/dev/null
mqtt_tls() { proxy secure "$broker" "$1" "protocol = \"mqtt\"
tls = { ca = '$folder/ca' }"; }
mqtt_tls '[[rule]]
match = { topic = "secret" }
fault = { type = "drop" }'
start inside stdbuf -oL mosquitto_sub -p "$broker" -i inside -t '#' -C 1 -d
inside=$last_pid
wait_for 10 grep -q SUBACK "$folder/inside.log" ||
  fail "MQTT over TLS: expected mosquitto_sub to subscribe within 10 s, got: $(cat "$folder/inside.log")"
for topic in secret open; do
  mosquitto_pub -h localhost -p "$proxy_port" --cafile "$folder/ca/ca.pem" -t "$topic" -m "$topic" ||
    fail "MQTT over TLS: expected publishing to succeed, but it failed with exit code $?"
done
wait "$inside" || fail "MQTT over TLS: expected the subscriber to receive its message, but it ended with exit code $?"
[ "$(got inside)" = "open " ] || fail "MQTT over TLS: expected the message \"open\", got: $(got inside)"
pass "inside TLS"

# A bridge adds 0x80 to its protocol level (option try_private, on by default).
central=$broker
for version in mqttv31 mqttv311 mqttv50; do
  proxy "bridged_$version" "$central" '[[rule]]
match = { topic = "site/secret", direction = "upstream" }
fault = { type = "drop" }' 'protocol = "mqtt"'
  start "heard_$version" stdbuf -oL mosquitto_sub -p "$central" -i "heard-$version" -t 'site/#' -q 1 -C 1 -d
  heard=$last_pid
  wait_for 10 grep -q SUBACK "$folder/heard_$version.log" ||
    fail "bridge, $version: expected mosquitto_sub to subscribe within 10 s, got: $(cat "$folder/heard_$version.log")"
  start_mosquitto "site_$version" "connection to-central
address 127.0.0.1:$proxy_port
bridge_protocol_version $version
topic site/# out 1"
  for said in secret open; do mosquitto_pub -p "$broker" -t "site/$said" -m "$said" -q 1; done
  wait "$heard" || fail "bridge, $version: expected a message from the bridge, got none"
  [ "$(got "heard_$version")" = "open " ] || fail "bridge, $version: expected the message \"open\", got: $(got "heard_$version")"
  if grep -q 'not MQTT' "$folder/bridged_$version.log"; then
    fail "bridge, $version: expected every packet to be parsed, but the log reports bytes that are not MQTT: $(cat "$folder/bridged_$version.log")"
  fi
done
pass "a bridge between two brokers, in three versions"
