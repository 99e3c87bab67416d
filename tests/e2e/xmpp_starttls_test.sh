#!/usr/bin/env bash
# Tests terminated XMPP STARTTLS, which prosody, slixmpp and libstrophe require here. Rules match
# the stanzas inside.
brownout=$1
source "$(dirname "$0")/lib.sh"
need prosody openssl /usr/bin/python3
client=$(dirname "$(readlink -f "$0")")/xmpp_client.py

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$folder/server.key" -out "$folder/server.pem" 2>/dev/null
start_prosody "modules_disabled = { \"s2s\" }
c2s_require_encryption = true
ssl = { key = \"$folder/server.key\", certificate = \"$folder/server.pem\" }" ann bob
"$brownout" ca init --folder "$folder/ca" >/dev/null
export XMPP_CA=$folder/ca/ca.pem

# file NAME SERVER_CA [RULES]: writes a rule file, and sets $proxy_port.
file() {
  proxy_port=$(free_port)
  cat >"$folder/$1.toml" <<FILE
version = 1
[[upstream]]
name = "server"
servers = ["127.0.0.1:$server"]
tls = { starttls = true, ca = "$2" }
[[listener]]
name = "front"
listen = "127.0.0.1:$proxy_port"
upstream = "server"
protocol = "xmpp"
tls = { starttls = true, ca = "$folder/ca" }
${3:-}
FILE
}
between() {
  file "$@"
  start "$1" "$brownout" run "$folder/$1.toml" --events "$folder/$1.jsonl" --drain 0s --api off
  wait_port "$proxy_port"
}
join() {
  local name=$1
  shift
  start "$name" /usr/bin/python3 "$client" "$proxy_port" "$@"
  member=$last_pid
  wait_for 30 grep -q '^\* ready' "$folder/$name.log" ||
    fail "client $name: expected it to be online within 30 s, but it is not: $(cat "$folder/$name.log")"
}
as() { timeout 30 /usr/bin/python3 "$client" "$proxy_port" "$@" 2>/dev/null || true; }
said() { grep -E '^[a-z0-9]+$' "$folder/$1.log" | tr '\n' ' '; }

between inside "$folder/server.pem" '[[rule]]
match = { text = "lost*", stanza = "message", direction = "upstream" }
fault = { type = "drop" }
[[rule]]
match = { stanza = "proceed" }
fault = { type = "delay", delay = "200ms" }'
join bob bob listen
grep -qx '\* secured' "$folder/bob.log" || fail "client bob: expected a connection with TLS, got: $(cat "$folder/bob.log")"
mapfile -t numbers < <(seq 1 200)
as ann send bob lost1 "${numbers[@]}" lost2 end >/dev/null
wait "$member" || fail "client bob: expected the last message, but it ended without it: $(tail -3 "$folder/bob.log")"
grep -E '^[0-9]+$' "$folder/bob.log" | cmp - <(seq 1 200) || fail "client bob: expected the numbers 1 to 200, each once and in order, got others"
[[ "$(said bob)" != *lost* ]] || fail "client bob: expected the message \"lost\" to be dropped, got: $(said bob)"
wait_for 5 grep -q '"action":"delay"' "$folder/inside.jsonl" ||
  fail "a rule for the stanza <proceed/>: expected an event of its delay within 5 s, found none"
if grep -q 'not XMPP\|handshake failed' "$folder/inside.log"; then
  fail "XMPP with STARTTLS: expected no errors in the log, got: $(cat "$folder/inside.log")"
fi
pass "STARTTLS on both sides: rules match the stanzas inside TLS, and other stanzas pass in order"

between expired "$folder/server.pem" '[[rule]]
fault = { type = "bad_certificate", what = "expired" }'
if as ann ping | grep -q '^\* pong'; then fail "bad_certificate: expected the client to refuse the expired certificate, but it accepted it"; fi
wait_for 5 grep -q '"fault":"bad_certificate"' "$folder/expired.jsonl" ||
  fail "bad_certificate: expected an event of the fault, got: $(cat "$folder/expired.log" "$folder/expired.jsonl")"
pass "TLS handshake faults act on STARTTLS handshakes"

between stranger "$folder/ca/ca.pem"
if as ann ping | grep -q '^\* pong'; then fail "a server with an unknown certificate: expected the connection to fail, but it worked"; fi
wait_for 5 grep -q 'handshake failed.*with the server' "$folder/stranger.log" ||
  fail "a server with an unknown certificate: expected the failed handshake in the log, got: $(cat "$folder/stranger.log")"
pass "a server whose certificate is not from the trusted CA is reported, and the connection ends"

file probe "$folder/server.pem"
echo secret >"$folder/password"
cat >>"$folder/probe.toml" <<FILE
[scenario]
name = "inside TLS"
time_scale = "60x"
[[phase]]
name = "calm"
for = "2m"
[[probe]]
name = "phones"
kind = "xmpp"
accounts = ["ann@localhost", "bob@localhost"]
password_file = "$folder/password"
ca = "$folder/ca/ca.pem"
users = 2
every = "12s"
timeout = "4s"
endpoints = ["front"]
[[expect]]
metric = "availability"
at_least = "100%"
[[expect]]
metric = "messages_lost"
at_most = 0
FILE
"$brownout" rehearse "$folder/probe.toml" --force --report "$folder/probe" >"$folder/probe.txt" 2>&1 ||
  fail "rehearsal over STARTTLS: expected exit code 0, got $?: $(cat "$folder/probe.txt")"
pass "synthetic users of a rehearsal, by libstrophe, do the same"
