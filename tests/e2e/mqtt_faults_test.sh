#!/usr/bin/env bash
# Tests each message fault with mosquitto and the npm client `mqtt`, over TCP and over WebSocket.
brownout=$1
source "$(dirname "$0")/lib.sh"
need mosquitto mosquitto_sub node curl
here=$(dirname "$(readlink -f "$0")")

start_mosquitto mosquitto $'listener WEB 127.0.0.1\nprotocol websockets'
plain=$broker
web=$broker_web

# The TCP and the WebSocket listener get the same rules.
through() { # NAME RULES: starts proxies over TCP and over WebSocket.
  proxy "$1-tcp" "$plain" "$2" 'protocol = "mqtt"'
  tcp=mqtt://127.0.0.1:$proxy_port
  proxy "$1-ws" "$web" "$2" 'protocol = "websocket"'
  ws=ws://127.0.0.1:$proxy_port
}
# see NAME EXPRESSION COUNT QOS [SESSION]: runs clients over TCP and WebSocket in parallel, and
# checks EXPRESSION on the results of each.
see() {
  local kind probes=()
  for kind in tcp ws; do
    timeout 30 node "$here/mqtt_probe.js" "$here/../../build/npm/node_modules" "${!kind}" "$3" "$4" ${5:+"$5-$kind"} \
      >"$folder/$1-$kind.json" 2>"$folder/$1-$kind.err" &
    probes+=("$!")
  done
  for kind in tcp ws; do
    wait "${probes[0]}" || fail "$1 over $kind: expected the client to end normally, but it failed: $(cat "$folder/$1-$kind".{json,err})"
    probes=("${probes[@]:1}")
    python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); sys.exit(not eval(sys.argv[2], {"r": r, "n": lambda *k: [f"number {i}" for i in k]}))' "$folder/$1-$kind.json" "$2" ||
      fail "$1 over $kind: expected a result with ($2), got: $(cat "$folder/$1-$kind.json")"
  done
}

through untouched '[[rule]]
match = { topic = "nobody/#" }
fault = { type = "drop" }'
for qos in 0 1 2; do see "untouched$qos" 'r["got"] == n(1, 2, 3, 4, 5)' 5 "$qos"; done
if grep -l 'not MQTT' "$folder"/untouched-*.log; then
  fail "MQTT without rules: expected every packet to be parsed, but the logs above report bytes that are not MQTT"
fi
pass "QoS 0, 1 and 2, over TCP and inside WebSocket"

down='direction = "downstream", packet = "publish"'
through lost "[[rule]]
match = { $down, text = \"number 2\" }
fault = { type = \"drop\" }"
see lost 'r["got"] == n(1, 3)' 3 0
through late "[[rule]]
match = { $down, text = \"number 2\" }
fault = { type = \"delay\", delay = \"400ms\" }"
see late 'r["got"] == n(1, 2, 3) and r["times"][1] >= 350' 3 0
through doubled "[[rule]]
match = { $down, text = \"number 2\" }
fault = { type = \"duplicate\", share = \"100%\" }"
see doubled 'r["got"] == n(1, 2, 2, 3)' 3 0
through shuffled "[[rule]]
match = { $down }
fault = { type = \"reorder\", share = \"100%\", window = 5, delay = \"2s\" }"
see shuffled 'sorted(r["got"]) == n(1, 2, 3, 4, 5)' 5 0
through overtaken "[[rule]]
match = { $down, text = \"number 1\" }
fault = { type = \"hold_until\", passes = { text = \"number 3\" } }"
see overtaken 'r["got"] == n(2, 3, 1)' 3 0
pass "drop, delay, duplicate, reorder, hold_until"

through flipped "[[rule]]
match = { $down, text = \"number 2\" }
fault = { type = \"corrupt_message\", each = \"chunk\", chance = \"100%\" }"
see flipped 'len(r["got"]) == 3 and r["got"][0] == "number 1" and r["got"][1] != "number 2"' 3 0
through cut "[[rule]]
match = { $down, text = \"number 2\" }
fault = { type = \"truncate_message\", after = \"3 B\" }"
see cut 'r["got"] == ["number 1", "num", "number 3"]' 3 0
through other "[[rule]]
match = { $down, text = \"number 2\" }
fault = { type = \"replace\", text = \"something else entirely\" }"
see other 'r["got"] == ["number 1", "something else entirely", "number 3"]' 3 0
pass "corrupt_message, truncate_message, replace"

through lies '[[rule]]
match = { packet = "connack" }
fault = { type = "mqtt_session_present", value = true }'
see lies 'r["present"] is True' 1 0
through forgets '[[rule]]
match = { packet = "connack" }
fault = { type = "mqtt_session_present", value = false }'
see forgets 'r["present"] is False' 1 1 kept
see forgets 'r["present"] is False' 1 1 kept
through throttled '[[rule]]
match = { packet = "connack" }
fault = { type = "mqtt_receive_maximum", value = 1 }'
see throttled 'r["maximum"] == 1 and r["got"] == n(1, 2, 3)' 3 1
pass "mqtt_session_present, mqtt_receive_maximum"

# One message in flight and a late acknowledgement make the client a slow subscriber for the broker.
through slow '[[rule]]
match = { packet = "connect", direction = "upstream" }
fault = { type = "mqtt_receive_maximum", value = 1 }
[[rule]]
match = { packet = "puback", direction = "upstream" }
fault = { type = "delay", delay = "300ms" }'
see slow 'r["got"] == n(1, 2, 3) and r["times"][2] - r["times"][0] >= 500' 3 1
through half '[[rule]]
match = { packet = ["publish", "pingreq"] }
fault = { type = "half_open" }'
see half 'r["got"] == []' 2 0
through refused '[[rule]]
match = { packet = "publish", text = "number 2", direction = "upstream" }
fault = { type = "reject", reason = 0x97 }'
see refused 'r["got"] == n(1, 3)' 3 1
through moved '[[rule]]
match = { packet = "publish", text = "number 2", direction = "upstream" }
fault = { type = "mqtt_disconnect", reason = 156, server_reference = "127.0.0.1:1885" }'
see moved '"number 2" not in r["got"] and (r.get("closed") or r.get("error"))' 3 0
pass "a slow subscriber, half_open, reject, mqtt_disconnect"

# The list of connections names the rule that holds a message.
proxy_port=$(free_port)
api=$(free_port)
rule_file "$plain" "$proxy_port" '[[rule]]
name = "not for you"
match = { topic = "secret" }
fault = { type = "drop" }' 'protocol = "mqtt"' >"$folder/listed.toml"
start listed "$brownout" run "$folder/listed.toml" --api "127.0.0.1:$api"
wait_port "$proxy_port"
start curious stdbuf -oL mosquitto_sub -p "$proxy_port" -t '#' -d
wait_for 10 grep -q SUBACK "$folder/curious.log" || fail "mosquitto_sub: expected it to subscribe within 10 s, got: $(cat "$folder/curious.log")"
wait_for 10 sh -c "curl -s http://127.0.0.1:$api/api/v1/flows | grep -q '\"rules\":\[\"not for you\"\]'" ||
  fail "list of flows: expected the rule \"not for you\" at the connection, got: $(curl -s "http://127.0.0.1:$api/api/v1/flows")"
pass "the list of connections names the rules that act on messages"

# Examples run with the broker's port and a free port in place of the ports in the file.
for example in "$here"/../../examples/messaging/*.toml; do
  name=$(basename "$example" .toml)
  grep -q 'protocol = "mqtt"' "$example" || continue
  proxy_port=$(free_port)
  sed -E "s/127\.0\.0\.1:1884/127.0.0.1:$proxy_port/; s/servers = .*/servers = [\"127.0.0.1:$plain\"]/; s/^listen = \"127\.0\.0\.1:1885\"/listen = \"127.0.0.1:$(free_port)\"/" \
    "$example" >"$folder/$name.toml"
  start "$name" "$brownout" run "$folder/$name.toml" --drain 0s --api off
  wait_port "$proxy_port"
  mosquitto_pub -p "$proxy_port" -t chat -m "by $name" -q 1 -i phone-1 ||
    fail "examples, $name: expected a publish to succeed, but it failed; log: $(cat "$folder/$name.log")"
done
pass "the examples of MQTT run"
