#!/usr/bin/env bash
# Tests rehearsals with MQTT and XMPP users and real servers (mosquitto and prosody). Lost,
# duplicated and reordered messages are counted end to end.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/rehearsal_lib.sh"
need mosquitto prosody
met() { [ "$(cat "$folder/$1.code")" = 0 ] || fail "rehearsal $1: expected all expectations to be met (exit code 0), got exit code $(cat "$folder/$1.code"): $(cat "$folder/$1.txt")"; }

start_mosquitto mosquitto ''
first=$broker
start_mosquitto mosquitto2 ''
second=$broker

for outage in acknowledgements-lost half-open; do
  front=$(free_port)
  standby=$(free_port)
  sed -e "s/127.0.0.1:1883/127.0.0.1:$first/; s/127.0.0.1:1884/127.0.0.1:$second/" \
    -e "s/127.0.0.1:7010/127.0.0.1:$front/; s/127.0.0.1:7020/127.0.0.1:$standby/" "$outages/$outage.toml" >"$folder/$outage.toml"
  rehearse "$outage" &
  rehearsals+=("$!")
done
wait "${rehearsals[@]}"
for outage in acknowledgements-lost half-open; do
  [ ${#slow[@]} -gt 0 ] || met "$outage"
  [[ "$(cat "$folder/$outage.code")" = [01] ]] ||
    fail "rehearsal $outage: expected exit code 0 or 1, got $(cat "$folder/$outage.code"): $(cat "$folder/$outage.txt")"
done
pass "two outages of MQTT with two mosquittos: users reach the second broker, and no acknowledged message is lost"

# scenario NAME PROBE_AND_EXPECTATIONS [RULES [NAMES]]: rehearses against the server at $server,
# through a listener with protocol $protocol.
scenario() {
  {
    scenario_file "$1" "$server" "protocol = \"$protocol\"" "${4:+rules = [$4]}"
    printf '%s\n' "$2" "${3:-}"
  } >"$folder/$1.toml"
  rehearse "$1"
}

server=$first
protocol=mqtt
rehearsals=()
for qos in 0 1 2; do
  scenario "mqtt-qos$qos" "[[probe]]
name = \"phones\"
kind = \"mqtt\"
qos = $qos
users = 3
every = \"6s\"
timeout = \"1s\"
endpoints = [\"front\"]
[[expect]]
metric = \"availability\"
at_least = \"100%\"
[[expect]]
metric = \"messages_lost\"
at_most = 0
[[expect]]
metric = \"messages_duplicated\"
at_most = 0
[[expect]]
metric = \"messages_reordered\"
at_most = 0" &
  rehearsals+=("$!")
done
wait "${rehearsals[@]}"
for qos in 0 1 2; do met "mqtt-qos$qos"; done
pass "MQTT at QoS 0, 1 and 2 with mosquitto: none lost, doubled or out of order"

scenario mqtt-doubled "[[probe]]
name = \"phones\"
kind = \"mqtt\"
qos = 0
every = \"6s\"
timeout = \"1s\"
endpoints = [\"front\"]
[[expect]]
metric = \"messages_duplicated\"
at_most = 0" '[[rule]]
match = { packet = "publish", direction = "upstream", every = 5 }
fault = { type = "duplicate", share = "100%" }'
[ "$(cat "$folder/mqtt-doubled.code")" = 1 ] ||
  fail "duplicated MQTT messages: expected exit code 1, got another one: $(cat "$folder/mqtt-doubled.txt")"
grep -q 'NOT MET.*messages_duplicated' "$folder/mqtt-doubled.txt" ||
  fail "duplicated MQTT messages: expected messages_duplicated to be not met, got: $(cat "$folder/mqtt-doubled.txt")"
pass "duplicated messages are reported"

start_prosody "$prosody_without_tls" ann bob
protocol=xmpp
echo secret >"$folder/password"
phones='[[probe]]
name = "phones"
kind = "xmpp"
accounts = ["ann@localhost", "bob@localhost"]
password_file = "'$folder'/password"
users = 2
every = "12s"
timeout = "2s"
endpoints = ["front"]'
scenario xmpp "$phones
[[expect]]
metric = \"availability\"
at_least = \"100%\"
[[expect]]
metric = \"messages_lost\"
at_most = 0
[[expect]]
metric = \"reconnect_rate\"
at_most = \"2/s\""
met xmpp
pass "XMPP with prosody: pings are answered, and no message is lost"

scenario xmpp-lost "$phones
[[expect]]
metric = \"messages_lost\"
at_most = 0
[[expect]]
metric = \"availability\"
at_least = \"100%\"" '[[rule]]
match = { stanza = "message", direction = "upstream", every = 7 }
fault = { type = "drop" }'
grep -q 'NOT MET.*messages_lost' "$folder/xmpp-lost.txt" ||
  fail "lost XMPP stanzas: expected messages_lost to be not met, got: $(cat "$folder/xmpp-lost.txt")"
grep -q '1 of 3 messages did not come back' "$folder/xmpp-lost.txt" ||
  fail "lost XMPP stanzas: expected \"1 of 3 messages did not come back\", got: $(cat "$folder/xmpp-lost.txt")"
scenario xmpp-ping "$phones
[[expect]]
metric = \"availability\"
at_least = \"100%\"" '[[rule]]
name = "swallowed"
match = { stanza = "iq", namespace = "urn:xmpp:ping", direction = "upstream" }
fault = { type = "drop" }' '"swallowed"'
grep -q 'no answer to a ping' "$folder/xmpp-ping.txt" || fail "lost XMPP pings: expected \"no answer to a ping\", got: $(cat "$folder/xmpp-ping.txt")"
pass "XMPP: lost stanzas and a dropped ping are reported"
