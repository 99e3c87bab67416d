#!/usr/bin/env bash
# Tests protocol = "xmpp" with prosody and slixmpp: streams pass unchanged, and rules match stanzas
# by kind, address and namespace.
brownout=$1
source "$(dirname "$0")/lib.sh"
need prosody /usr/bin/python3
/usr/bin/python3 -c 'import slixmpp' || fail "slixmpp is needed and not installed; run .ci/install-packages --tests"
client=$(dirname "$(readlink -f "$0")")/xmpp_client.py

component=$(free_port)
start_prosody "$prosody_without_tls
component_ports = { $component }
component_interfaces = { \"127.0.0.1\" }
Component \"bot.localhost\"
  component_secret = \"secret\"" ann bob carol dave erin
xmpp() { proxy "$1" "$server" "$2" 'protocol = "xmpp"'; }
# join NAME USER COMMAND...: starts a client in the background, and waits until it is online.
join() {
  local name=$1
  shift
  start "$name" /usr/bin/python3 "$client" "$proxy_port" "$@"
  member=$last_pid
  wait_for 20 grep -q '^\* ready' "$folder/$name.log" ||
    fail "client $name: expected it to be online within 20 s, but it is not: $(cat "$folder/$name.log")"
}
as() { /usr/bin/python3 "$client" "$proxy_port" "$@" 2>/dev/null || true; }
said() { grep -E '^[a-z0-9]+$' "$folder/$1.log" | tr '\n' ' '; }
injected() { [ "$(grep -c "\"action\":\"$2\"" "$folder/$1.jsonl")" -ge "$3" ]; }

xmpp plain '[[rule]]
match = { to = "nobody@localhost" }
fault = { type = "drop" }'
join bob bob listen
mapfile -t numbers < <(seq 1 300)
as ann send bob "${numbers[@]}" end >/dev/null
wait "$member" || fail "client bob: expected the last message, but it ended without it: $(tail -3 "$folder/bob.log")"
grep -E '^[0-9]+$' "$folder/bob.log" | cmp - <(seq 1 300) || fail "client bob: expected the numbers 1 to 300, each once and in order, got others"
grep -q '^\* managed' "$folder/bob.log" || fail "client bob: expected a stream with stream management, got: $(cat "$folder/bob.log")"
if grep -q 'not XMPP' "$folder/plain.log"; then
  fail "XMPP without rules: expected every stanza to be parsed, but the log reports bytes that are not XMPP: $(cat "$folder/plain.log")"
fi
pass "300 messages between two accounts: none lost, doubled or out of order"

xmpp choosy '[[rule]]
match = { text = "lost*", stanza = "message", direction = "upstream" }
fault = { type = "drop" }
[[rule]]
match = { text = "wrong", direction = "downstream" }
fault = { type = "replace", text = "replaced" }
[[rule]]
match = { text = "twice", direction = "downstream" }
fault = { type = "duplicate", share = "100%" }
'
# Stream management is off here: with it, a server closes the stream if the client acknowledges more
# stanzas than were sent (XEP-0198, 5).
XMPP_UNMANAGED=1 join choosy_bob bob listen
as ann send bob lost1 wrong twice lost2 end >/dev/null
wait "$member" || fail "client bob: expected the last message, but it ended without it: $(tail -3 "$folder/choosy_bob.log")"
[ "$(said choosy_bob)" = "replaced twice twice end " ] ||
  fail "client bob: expected the messages \"replaced twice twice end\", got: $(said choosy_bob)"
pass "stanzas are dropped, replaced and duplicated by their text"

xmpp unacknowledged '[[rule]]
match = { direction = "upstream" }
fault = { type = "ack_loss" }'
join first_carol carol listen
as ann send carol once end >/dev/null
wait "$member" || fail "ack_loss: expected client carol to receive the last message, but it ended with exit code $?"
wait_for 10 injected unacknowledged drop 1 || fail "ack_loss: expected an event of a lost acknowledgement within 10 s, found none"
xmpp again ''
join second_carol carol listen
wait "$member" || fail "ack_loss: expected the unacknowledged message again in the next session, got: $(cat "$folder/second_carol.log")"
[ "$(said second_carol)" = "once end " ] || fail "ack_loss: expected the messages \"once end\" in the next session, got: $(said second_carol)"
pass "if <a/> is lost, the server delivers again (XEP-0198)"

xmpp pings '[[rule]]
match = { namespace = "urn:xmpp:ping", direction = "upstream" }
fault = { type = "drop" }'
as ann ping | grep -qx '\* no pong' || fail "drop: expected no answer to the ping, got one"
pass "a ping is dropped (XEP-0199)"

xmpp refused '[[rule]]
match = { stanza = "message", direction = "upstream" }
fault = { type = "reject", condition = "resource-constraint" }'
as ann send bob hello | grep -qx '\* resource-constraint' || fail "reject: expected the stanza error resource-constraint, got another result"
pass "a stanza is answered with an error"

for condition in system-shutdown conflict policy-violation; do
  xmpp "$condition" "[[rule]]
match = { stanza = \"presence\", direction = \"upstream\" }
fault = { type = \"xmpp_stream_error\", condition = \"$condition\" }"
  as ann ping | grep -q "^\* stream error $condition" || fail "xmpp_stream_error: expected the stream error $condition, got another result"
done
xmpp standby '[[rule]]
match = { to = "nobody@localhost" }
fault = { type = "drop" }'
standby=$proxy_port
xmpp moved "[[rule]]
match = { stanza = \"presence\", direction = \"upstream\" }
fault = { type = \"xmpp_stream_error\", condition = \"see-other-host\", text = \"127.0.0.1:$standby\" }"
start moved_ann /usr/bin/python3 "$client" "$proxy_port" ann stay
wait_for 20 grep -q "^\* stream error see-other-host 127.0.0.1:$standby" "$folder/moved_ann.log" ||
  fail "xmpp_stream_error: expected see-other-host with 127.0.0.1:$standby, got: $(cat "$folder/moved_ann.log")"
pass "streams end with errors that contain the reason and the other host"

xmpp flapping '[[rule]]
match = { stanza = "presence", direction = "downstream" }
fault = { type = "presence_storm", count = 40 }'
join flapping_bob bob stay
as bob ping >/dev/null
many() { [ "$(grep -c 'bob@localhost' "$folder/flapping_bob.log")" -ge 40 ]; }
wait_for 10 many || fail "presence_storm: expected many presences within 10 s, got: $(tail -3 "$folder/flapping_bob.log")"
pass "a presence storm"

xmpp resumes ''
start resumes_bob /usr/bin/python3 "$client" "$proxy_port" dave resume
wait_for 20 grep -qx '\* resumed' "$folder/resumes_bob.log" ||
  fail "without a rule: expected the stream to be resumed, got: $(cat "$folder/resumes_bob.log")"
xmpp forgets '[[rule]]
fault = { type = "xmpp_resumption", answer = "failed" }'
start forgets_bob /usr/bin/python3 "$client" "$proxy_port" dave resume
wait_for 20 grep -qx '\* not resumed' "$folder/forgets_bob.log" ||
  fail "xmpp_resumption: expected the resumption to fail, got: $(cat "$folder/forgets_bob.log")"
pass "a stream is resumed, and a failed resumption is detected (XEP-0198)"

proxy component "$component" '[[rule]]
match = { from = "bot.localhost", stanza = "message", text = "lost*", direction = "upstream" }
fault = { type = "drop" }' 'protocol = "xmpp"'
bot=$proxy_port
xmpp beside ''
join component_erin erin listen
/usr/bin/python3 "$client" "$bot" bot.localhost component erin lost1 kept lost2 end >"$folder/bot.log" 2>&1 ||
  fail "XMPP component: expected it to end normally, but it failed: $(cat "$folder/bot.log")"
wait "$member" ||
  fail "XMPP component: expected client erin to receive the last message, but it ended without it: $(tail -3 "$folder/component_erin.log")"
[ "$(said component_erin)" = "kept end " ] || fail "XMPP component: expected client erin to receive \"kept end\", got: $(said component_erin)"
if grep -q 'not XMPP' "$folder/component.log"; then
  fail "XMPP component: expected every stanza to be parsed, but the log reports bytes that are not XMPP: $(cat "$folder/component.log")"
fi
pass "a component (XEP-0114): messages are dropped by their text"
