#!/usr/bin/env bash
# Tests rehearsals with NATS users and nats-server: messages that are lost, duplicated or not stored
# are counted end to end.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/rehearsal_lib.sh"
need nats-server node
here=$(dirname "$(readlink -f "$0")")
modules=$here/../../build/npm/node_modules

broker=$(free_port)
start nats nats-server -a 127.0.0.1 -p "$broker" -js -sd "$folder/jetstream"
wait_port "$broker"
second=$(free_port)
start second nats-server -a 127.0.0.1 -p "$second"
wait_port "$second"
# Creates a stream for users whose messages JetStream stores.
timeout 60 node "$here/nats_client.js" "$modules" "$broker" store 'stored.>' >"$folder/stream.txt" ||
  fail "JetStream: expected a stream to be created, but the client failed: $(cat "$folder/stream.txt")"

# scenario NAME PROBE_KEYS [RULES [PHASE_KEYS]]: rehearses. The result is in NAME.code and
# NAME/report.json.
scenario() {
  {
    scenario_file "$1" "$broker" 'protocol = "nats"' "${4:-}"
    users_and_expectations nats "$2"
    echo "${3:-}"
  } >"$folder/$1.toml"
  rehearse "$1"
}
rehearsals=()
scenario plain 'subject = "core"' &
rehearsals+=("$!")
scenario stored 'subject = "stored"
jetstream = true' &
rehearsals+=("$!")
scenario unstored 'subject = "elsewhere"
jetstream = true' &
rehearsals+=("$!")
scenario lost 'subject = "core"' '[[rule]]
name = "some are lost"
match = { subject = "core.>", verb = "pub" }
probability = "20%"
per = "message"
fault = { type = "drop" }' 'rules = ["some are lost"]' &
rehearsals+=("$!")
scenario doubled 'subject = "stored"
jetstream = true' '[[rule]]
name = "some are doubled"
match = { subject = "stored.>", verb = ["msg", "hmsg"] }
fault = { type = "duplicate", share = "50%" }' 'rules = ["some are doubled"]' &
rehearsals+=("$!")
for outage in nats-upgrade nats-upgrade-badly; do
  front=$(free_port)
  standby=$(free_port)
  sed -e "s/127.0.0.1:4222/127.0.0.1:$broker/; s/127.0.0.1:4232/127.0.0.1:$second/" \
    -e "s/127.0.0.1:7010/127.0.0.1:$front/; s/127.0.0.1:7020/127.0.0.1:$standby/" "$outages/nats-upgrade.toml" >"$folder/$outage.toml"
  # A user with a single endpoint cannot fail over.
  [ "$outage" = nats-upgrade ] || sed -i 's/endpoints = .*/endpoints = ["nats"]/' "$folder/$outage.toml"
  rehearse "$outage" &
  rehearsals+=("$!")
done
wait "${rehearsals[@]}"
code plain $ok
code stored $ok
pass "nothing is lost, doubled or out of order, over core NATS and over JetStream"
code unstored $unmeasured
grep -q 'messages were not stored' "$folder/unstored.txt" ||
  fail "messages that are not stored: expected that reason in the output, got: $(cat "$folder/unstored.txt")"
pass "a message that no stream stores counts as a failure, with the reason"
code lost 1
grep -qE 'messages.lost' "$folder/lost.txt" || fail "lost messages: expected messages_lost in the output, got: $(cat "$folder/lost.txt")"
code doubled 1
pass "messages that a rule drops or duplicates are counted"
code nats-upgrade $ok
code nats-upgrade-badly 1
pass "an upgrade of NATS with two servers: users with two endpoints reach the second server, users with one endpoint fail"
