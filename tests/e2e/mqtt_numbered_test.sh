#!/usr/bin/env bash
# Counts lost, duplicated and reordered messages end to end, with numbered messages through
# mosquitto and two client libraries, under faults on single packets.
brownout=$1
source "$(dirname "$0")/lib.sh"
need mosquitto node
numbered=$(dirname "$brownout")/../tests/brownout_numbered_mqtt
[ -x "$numbered" ] || fail "$numbered is needed and not built; build the project first"
here=$(dirname "$(readlink -f "$0")")

start_mosquitto mosquitto $'max_queued_messages 0\nmax_inflight_messages 0'
mqtt() { proxy "$1" "$broker" "$2" 'protocol = "mqtt"'; }
# exchange NAME QOS COUNT: publishes COUNT messages through the proxy, and subscribes at the broker.
exchange() { "$numbered" "$proxy_port" "$broker" "$2" "$3" 5 >"$folder/$1.json" || fail "$1: expected the client to end normally, but it failed: $(cat "$folder/$1.json")"; }
# holds NAME EXPRESSION: checks an expression of the variables sent, lost, doubled, reordered and
# connections.
holds() {
  python3 -c 'import json, sys; sys.exit(not eval(sys.argv[2], json.load(open(sys.argv[1]))))' "$folder/$1.json" "$2" ||
    fail "$1: expected a result with ($2), got: $(cat "$folder/$1.json")"
}
cut='[[rule]]
fault = { type = "limit_time", after = "1s", close = "rst" }'

mqtt untouched '[[rule]]
match = { topic = "other" }
fault = { type = "drop" }'
for qos in 0 1 2; do
  exchange "untouched$qos" "$qos" 3000
  holds "untouched$qos" 'lost == doubled == reordered == 0 and connections == 1'
done
pass "numbered messages at QoS 0, 1 and 2: none lost, doubled or out of order"

mqtt once "[[rule]]
match = { packet = \"puback\", direction = \"downstream\" }
probability = \"2%\"
per = \"message\"
fault = { type = \"ack_loss\" }
$cut"
exchange once 1 1000
holds once 'lost == 0 and doubled > 0 and connections > 1'
pass "QoS 1 with lost PUBACKs: resent, none lost, $(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["doubled"])' "$folder/once.json") doubled"

mqtt exactly "[[rule]]
match = { packet = [\"pubrec\", \"pubrel\", \"pubcomp\"] }
probability = \"1%\"
per = \"message\"
fault = { type = \"ack_loss\" }
$cut"
exchange exactly 2 1000
holds exactly 'lost == doubled == 0 and connections > 1'
pass "QoS 2 with lost PUBREC, PUBREL and PUBCOMP: none lost, none doubled"

mqtt lossy '[[rule]]
match = { topic = "numbered", direction = "upstream", every = 10 }
fault = { type = "drop" }'
exchange lossy 0 1000
holds lossy 'lost == 100 and doubled == 0'
mqtt doubling '[[rule]]
match = { topic = "numbered", direction = "upstream", every = 10 }
fault = { type = "duplicate", share = "100%" }'
exchange doubling 0 1000
holds doubling 'lost == 0 and doubled == 100'
mqtt overtaking '[[rule]]
match = { text = "10?", direction = "upstream" }
fault = { type = "hold_until", passes = { text = "150" } }'
exchange overtaking 0 1000
holds overtaking 'lost == doubled == 0 and reordered == 10'
pass "the counts of lost, doubled and reordered messages match the rules exactly"

mqtt second "[[rule]]
match = { packet = [\"puback\", \"pubrec\", \"pubcomp\"], direction = \"downstream\" }
probability = \"3%\"
per = \"message\"
fault = { type = \"ack_loss\" }
$cut"
node "$here/mqtt_client.js" "$here/../../build/npm/node_modules" "$proxy_port" "$broker" ||
  fail "npm client mqtt: expected every acknowledged message to arrive, got the error above"
pass "the second client, npm mqtt: QoS 1 and 2 through the same faults"

# Some examples need a CA in their own folder.
mkdir "$folder/messaging"
cp "$here"/../../examples/messaging/*.toml "$folder/messaging"
cd "$folder/messaging"
"$brownout" ca init --folder brownout-ca >/dev/null || fail "brownout ca init: expected exit code 0, got $?"
for file in *.toml; do
  "$brownout" check "$file" >/dev/null || fail "$file: expected a valid rule file, but check reports errors"
done
pass "the messaging examples are valid"
