#!/usr/bin/env bash
# Tests NATS with TLS after INFO, terminated on both sides, and the NATS faults, with its clients
# for Node and Python.
brownout=$1
source "$(dirname "$0")/lib.sh"
need nats-server node openssl /usr/bin/python3
here=$(dirname "$(readlink -f "$0")")
modules=$here/../../build/npm/node_modules
export PYTHONPATH=$here/../../build/pypi
[ -d "$modules/nats" ] && [ -d "$PYTHONPATH/nats" ] ||
  fail "the NATS clients for Node and Python are needed and not installed; run .ci/install-packages --tests"

js() { timeout 60 node "$here/nats_client.js" "$modules" "$proxy_port" "$@"; }
py() { timeout 60 /usr/bin/python3 "$here/nats_client.py" "$proxy_port" "$@"; }
# join NAME js|py ARGUMENT...: starts a client in the background, and waits until it is connected.
join() {
  local arguments=(node "$here/nats_client.js" "$modules" "$proxy_port")
  [ "$2" = js ] || arguments=(/usr/bin/python3 "$here/nats_client.py" "$proxy_port")
  start "$1" timeout 60 "${arguments[@]}" "${@:3}"
  member=$last_pid
  wait_for 20 grep -q '^\* ready' "$folder/$1.log" || fail "client $1: expected it to connect within 20 s, but it did not: $(cat "$folder/$1.log")"
}
said() { grep -v '^\* ' "$folder/$1.log" | tr '\n' ' '; }
tells() { wait_for 20 grep -q "$2" "$folder/$1.log" || fail "client $1: expected output that matches \"$2\" within 20 s, got: $(cat "$folder/$1.log")"; }

plain=$(free_port)
start nats nats-server -a 127.0.0.1 -p "$plain"
wait_port "$plain"
nats() { proxy "$1" "$plain" "$2" 'protocol = "nats"'; }

nats both '[[rule]]
match = { header = { Tenant = "blue" }, subject = "news.>" }
fault = { type = "drop" }
[[rule]]
match = { subject = "lost.>" }
fault = { type = "drop" }'
join bob py listen 'news.*'
py say lost.all a b
js say news.all one hello end
wait "$member" || fail "client bob: expected the last message, but it ended without it: $(cat "$folder/bob.log")"
[ "$(said bob)" = "one end " ] || fail "client bob: expected the messages \"one end\", got: $(said bob)"
pass "a message is dropped by its header, and both clients exchange other messages"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$folder/server.key" -out "$folder/server.pem" 2>/dev/null
"$brownout" ca init --folder "$folder/ca" >/dev/null
secret=$(free_port)
cat >"$folder/nats.conf" <<CONF
listen: "127.0.0.1:$secret"
tls { cert_file: "$folder/server.pem", key_file: "$folder/server.key", timeout: 10 }
CONF
start secret nats-server -c "$folder/nats.conf"
wait_port "$secret"
# between NAME SERVER_CA [RULES]: starts a proxy with TLS on both sides.
between() {
  proxy_port=$(free_port)
  cat >"$folder/$1.toml" <<FILE
version = 1
[[upstream]]
name = "server"
servers = ["localhost:$secret"]
tls = { starttls = true, ca = "$2" }
[[listener]]
name = "front"
listen = "127.0.0.1:$proxy_port"
upstream = "server"
protocol = "nats"
tls = { starttls = true, ca = "$folder/ca" }
${3:-}
FILE
  start "$1" "$brownout" run "$folder/$1.toml" --events "$folder/$1.jsonl" --drain 0s --api off
  wait_port "$proxy_port"
}
export NATS_CA=$folder/ca/ca.pem
between inside "$folder/server.pem" '[[rule]]
match = { subject = "lost.>" }
fault = { type = "drop" }'
join alice js listen '>'
py say lost.a no
mapfile -t numbers < <(seq 1 200)
py say news.a "${numbers[@]}"
js say news.a hello end
wait "$member" || fail "client alice: expected the last message, but it ended without it: $(tail -3 "$folder/alice.log")"
[ "$(said alice)" = "$(seq 1 200 | tr '\n' ' ')hello (blue) end " ] ||
  fail "client alice: expected the numbers 1 to 200, \"hello (blue)\" and \"end\", got: $(said alice)"
if grep -q 'not NATS\|handshake failed' "$folder/inside.log"; then
  fail "NATS over TLS: expected no errors in the log, got: $(cat "$folder/inside.log")"
fi
pass "TLS after INFO on both sides: rules match the messages inside TLS"

between stranger "$folder/ca/ca.pem"
if py say news.a hello | grep -qv '^\* '; then
  fail "a server with an unknown certificate: expected the connection to fail, but the client published"
fi
wait_for 5 grep -q 'handshake failed.*with the server' "$folder/stranger.log" ||
  fail "a server with an unknown certificate: expected the failed handshake in the log, got: $(cat "$folder/stranger.log")"
unset NATS_CA
pass "a server whose certificate is not from the trusted CA is reported, and the connection ends"

# load NAME RULE: adds a rule, which acts on existing connections.
load() {
  echo "$2" >>"$folder/$1.toml"
  wait_for 5 grep -q 'changed): 1 rule loaded' "$folder/$1.log" ||
    fail "$1: expected the added rule to be loaded within 5 s, but it was not; log: $(cat "$folder/$1.log")"
}
nats duck ''
join stays js stay
# The server sends its first PING two seconds after a client has connected.
load duck '[[rule]]
fault = { type = "nats_lame_duck", grace = "200ms" }
duration = "6s"'
tells stays '^\* ldm'
tells stays '^\* reconnect'
pass "in lame duck mode a client is notified, and reconnects when the connection closes"

nats unauthorized '[[rule]]
fault = { type = "nats_authorization_timeout", after = "100ms" }'
js say news.a hello >"$folder/unauthorized.txt" 2>&1 || true
grep -qi 'authenti\|AUTHORIZATION' "$folder/unauthorized.txt" ||
  fail "nats_authorization_timeout, Node: expected an authorization error, got: $(cat "$folder/unauthorized.txt")"
py say news.a hello >"$folder/unauthorized.txt" 2>&1 || true
grep -qi 'authenti' "$folder/unauthorized.txt" ||
  fail "nats_authorization_timeout, Python: expected an authentication error, got: $(cat "$folder/unauthorized.txt")"
pass "an authorization timeout is reported in the same way as by a server"

nats change ''
join changes js stay
load change '[[rule]]
fault = { type = "nats_cluster_change", connect_urls = ["127.0.0.1:4999"] }'
tells changes '^\* update.*127.0.0.1:4999'
pass "a connected client gets the addresses of other servers"
