#!/usr/bin/env bash
# Tests protocol = "nats" with nats-server and its client for Node: messages pass unchanged, and
# rules match by verb and subject.
brownout=$1
source "$(dirname "$0")/lib.sh"
need nats-server node
here=$(dirname "$(readlink -f "$0")")
modules=$here/../../build/npm/node_modules
[ -d "$modules/nats" ] || fail "the NATS client for Node is needed and not installed; run .ci/install-packages --tests"

broker=$(free_port)
start nats nats-server -a 127.0.0.1 -p "$broker" -js -sd "$folder/jetstream"
wait_port "$broker"
nats() { proxy "$1" "$broker" "$2" 'protocol = "nats"'; }
client() { timeout 60 node "$here/nats_client.js" "$modules" "$proxy_port" "$@"; }
# listen NAME SUBJECT [QUEUE]: starts a subscriber in the background, and waits until it is
# subscribed.
listen() {
  start "$1" timeout 60 node "$here/nats_client.js" "$modules" "$proxy_port" listen "${@:2}"
  listener=$last_pid
  wait_for 20 grep -q '^\* ready' "$folder/$1.log" || fail "client $1: expected it to connect within 20 s, but it did not: $(cat "$folder/$1.log")"
}
said() { grep -v '^\* ' "$folder/$1.log" | tr '\n' ' '; }
injected() { [ "$(grep -c "\"action\":\"$2\"" "$folder/$1.jsonl")" -ge "$3" ]; }

nats plain '[[rule]]
match = { subject = "nobody.>" }
fault = { type = "drop" }'
listen plain_bob 'news.*'
mapfile -t numbers < <(seq 1 500)
client say news.all "${numbers[@]}" hello end
wait "$listener" || fail "client bob: expected the last message, but it ended without it: $(tail -3 "$folder/plain_bob.log")"
[ "$(said plain_bob)" = "$(seq 1 500 | tr '\n' ' ')hello (blue) end " ] ||
  fail "client bob: expected the numbers 1 to 500, \"hello (blue)\" and \"end\", each once and in order, got others"
start answer timeout 60 node "$here/nats_client.js" "$modules" "$proxy_port" answer shout
wait_for 20 grep -q '^\* ready' "$folder/answer.log" ||
  fail "client that answers requests: expected it to connect within 20 s, got: $(cat "$folder/answer.log")"
[ "$(client ask shout quiet end | tr '\n' ' ')" = "QUIET END " ] || fail "requests: expected the answers \"QUIET END\", got others"
[ "$(client store orders.a one two | tr '\n' ' ')" = "stored 1 stored 2 " ] ||
  fail "JetStream: expected the answers \"stored 1 stored 2\", got others"
if grep -q 'not NATS' "$folder/plain.log"; then
  fail "NATS without rules: expected every message to be parsed, but the log reports bytes that are not NATS: $(cat "$folder/plain.log")"
fi
pass "messages, headers, requests and JetStream pass unchanged"

nats choosy '[[rule]]
match = { subject = "lost.>", verb = "pub" }
fault = { type = "drop" }
[[rule]]
match = { text = "wrong", verb = ["msg", "hmsg"] }
fault = { type = "replace", text = "right" }
[[rule]]
match = { text = "twice", verb = "pub" }
fault = { type = "duplicate", share = "100%" }
[[rule]]
match = { queue = "workers", text = "work*" }
fault = { type = "drop" }'
listen everything '>'
listen worker 'jobs' workers
client say lost.a a b
client say news.a wrong twice
client say jobs work1 rest end
wait "$listener" || fail "client worker: expected the last message, but it ended without it: $(cat "$folder/worker.log")"
[ "$(said worker)" = "rest end " ] || fail "client worker: expected the messages \"rest end\", got: $(said worker)"
client say news.a end
wait_for 10 grep -q '^end' "$folder/everything.log" ||
  fail "client everything: expected the message \"end\" within 10 s, got: $(cat "$folder/everything.log")"
[ "$(said everything | sed 's/_INBOX[^ ]* //g')" = "right twice twice work1 rest end " ] ||
  fail "client everything: expected \"right twice twice work1 rest end\", got: $(said everything)"
pass "messages are dropped, replaced and duplicated by subject, verb, queue group and text"

nats refused '[[rule]]
match = { subject = "secret.>" }
fault = { type = "reject" }'
client say secret.a no >"$folder/refused.txt"
grep -q 'PERMISSIONS_VIOLATION' "$folder/refused.txt" || fail "reject: expected the error PERMISSIONS_VIOLATION, got: $(cat "$folder/refused.txt")"
pass "a publish is refused in the same way as by a server"

nats unacknowledged '[[rule]]
fault = { type = "ack_loss" }'
[ "$(PATIENCE=1.5 client store orders.a three)" = "* TIMEOUT" ] ||
  fail "ack_loss: expected no acknowledgement from JetStream within 1.5 s, got one or another error"
wait_for 10 injected unacknowledged drop 1 || fail "ack_loss: expected an event of the rule \"unacknowledged\" within 10 s, found none"
nats again ''
[ "$(client store orders.a four)" = "stored 4" ] ||
  fail "ack_loss: expected the unacknowledged message to be stored as number 3 and the next as number 4, got another number"
pass "if JetStream's acknowledgement is lost, the message is still stored"
