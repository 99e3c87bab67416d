#!/usr/bin/env bash
# Tests connects that hang, with real clients: curl and Python meet their connect time-outs, open
# connections go on, and halt lets the next retransmission of the SYN through.
brownout=$1
source "$(dirname "$0")/lib.sh"
need curl node python3

start_echo
rule='[[rule]]
name = "lost"
fault = { type = "syn_loss" }'

# connect_python PORT SECONDS: prints "connected" or the exception.
connect_python() {
  python3 - "$1" "$2" <<'P'
import socket, sys
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=float(sys.argv[2]))
    print("connected")
except OSError as error:
    print(type(error).__name__)
P
}

for fault in '{ type = "syn_loss" }' '{ type = "unplug" }' '{ type = "asymmetric" }' '{ type = "down", how = "drop" }'; do
  proxy hanging "$echo_port" "[[rule]]
name = \"lost\"
fault = $fault" "" --workers 2 --flows "$folder/flows.jsonl"
  code=0
  curl -sS --connect-timeout 1 "http://127.0.0.1:$proxy_port/" >/dev/null 2>"$folder/curl.err" || code=$?
  [ "$code" = 28 ] || fail "$fault: expected curl's connect time-out (28), got $code: $(cat "$folder/curl.err")"
  [ "$(connect_python "$proxy_port" 0.5)" = TimeoutError ] || fail "$fault: expected Python's connect to time out"
  kill -TERM "$last_pid"
  wait "$last_pid" || true
  grep -qE '"rule":"lost".*"action":"(drop SYN|down)"' "$folder/hanging.jsonl" ||
    fail "$fault: expected an event about lost SYNs, got: $(cat "$folder/hanging.jsonl")"
done
grep -q '"rule":"lost","lost_syns":[1-9]' "$folder/flows.jsonl" || fail "--flows: expected the number of lost SYNs, got: $(cat "$folder/flows.jsonl")"
pass "curl and Python meet their connect time-outs under syn_loss, unplug, asymmetric and down"

# A firewall that drops clients by address, and one that drops every one but them.
proxy firewall "$echo_port" '[[firewall]]
name = "edge"
rules = [{ action = "drop", source = "127.0.0.2" }]'
code=0
curl -sS --connect-timeout 0.5 --interface 127.0.0.2 "http://127.0.0.1:$proxy_port/" >/dev/null 2>"$folder/curl.err" || code=$?
[ "$code" = 28 ] || fail "a firewall's drop: expected curl's connect time-out (28), got $code: $(cat "$folder/curl.err")"
grep -qi 'connect' "$folder/curl.err" || fail "a firewall's drop: expected the connect to time out, got: $(cat "$folder/curl.err")"
[ "$(connect_python "$proxy_port" 1)" = connected ] || fail "a firewall's drop: expected other clients to connect"
pass "a firewall's drop makes connects hang for its clients only"

# An open connection goes on; after halt the SYN that is sent again connects.
cat >"$folder/halt.py" <<'P'
import os, select, signal, socket, sys, time
port, pid, flag = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def echo(client):
    client.sendall(b"hello")
    assert client.recv(5) == b"hello"
def reload(text):
    rules = open(flag).read().split("[[rule]]")[0]
    open(flag, "w").write(rules + text)
    os.kill(pid, signal.SIGHUP)
def connecting():
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    return client
def established(client, seconds):
    return bool(select.select([], [client], [], seconds)[1])
old = socket.create_connection(("127.0.0.1", port), timeout=5)
echo(old)
reload('[[rule]]\nname = "lost"\nfault = { type = "syn_loss" }\n')
until = time.time() + 10
new = connecting()
while established(new, 0.3):
    assert time.time() < until, "connects never hang"
    new = connecting()
echo(old)
os.kill(pid, signal.SIGUSR1)
assert established(new, 10), "the connect still hangs after halt"
new.setblocking(True)
echo(new)
echo(old)
P
proxy halted "$echo_port"
python3 "$folder/halt.py" "$proxy_port" "$last_pid" "$folder/halted.toml" || fail "halt: expected the next retransmission to connect; log: $(cat "$folder/halted.log")"
pass "open connections go on, and after halt the next retransmission connects"

# slow_accept with a short backlog: eight connects at once.
proxy queue "$echo_port" '[[rule]]
fault = { type = "slow_accept", delay = "1h" }' 'backlog = 1' --workers 1
connected=$(python3 - "$proxy_port" <<'P'
import select, socket, sys, time
clients = []
for _ in range(8):
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", int(sys.argv[1])))
    clients.append(client)
    time.sleep(0.05)
print(len(select.select([], clients, [], 0.2)[1]))
P
)
[ "$connected" = 3 ] || fail "slow_accept, backlog = 1: expected 3 of 8 connects (1 served, 2 queued), got $connected"
pass "slow_accept with backlog = 1 lets further connects hang"

# explain says which way is used.
rule_file "$echo_port" 1884 '[[rule]]
name = "all"
fault = { type = "unplug" }
[[rule]]
name = "second"
match = { every = 2 }
fault = { type = "unplug" }' >"$folder/explain.toml"
expect_code 0 "$brownout" explain "$folder/explain.toml" --listener front --ordinal 2
expect_text out 'a connect hangs, because a filter on the listening socket discards its SYN packets'
expect_text out 'a connect succeeds and is then silent: first, after and every count only accepted connections'
expect_code 2 "$brownout" check <(rule_file "$echo_port" 1884 '[[rule]]
match = { first = 1 }
fault = { type = "syn_loss" }')
expect_text err 'a fault on SYN packets cannot count connects'
pass "explain says whether connects hang, and check refuses what a SYN does not show"

# Some kernels take a filter of TCP sockets only from CAP_NET_ADMIN. explain says there what happens.
port=$(free_port)
rule_file "$echo_port" "$port" '[[rule]]
name = "all"
fault = { type = "syn_loss" }
[[rule]]
name = "some"
match = { client = "127.0.0.1" }
fault = { type = "unplug" }' >"$folder/plain.toml"
plain=()
[ "$(id -u)" != 0 ] || plain=(setpriv --bounding-set -all --inh-caps -all)
start plain "${plain[@]}" "$brownout" run "$folder/plain.toml" --api off --drain 0s
wait_for 10 grep -q 'listener front' "$folder/plain.log" || fail "without rights: Brownout does not listen"
"${plain[@]}" "$brownout" explain "$folder/plain.toml" --listener front --client 127.0.0.1:5000 >"$folder/said"
grep -qE '^ *1. all .*a connect hangs' "$folder/said" || fail "without rights: expected that a connect hangs, got: $(cat "$folder/said")"
connect_python "$port" 0.5 >/dev/null
[ "$(connect_python "$port" 0.5)" = TimeoutError ] || fail "without rights: expected the connect to time out: $(cat "$folder/said" "$folder/plain.log")"
refused=$(grep -c 'rejected the filter for SYN packets' "$folder/plain.log" || true)
[ "$refused" = 0 ] || fail "without rights: expected another way, got: $(cat "$folder/plain.log")"
pass "without rights: explain says what a connect meets"

# exec: hosts, destinations and ports are matched by the SYN's destination.
if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
  echo "SKIPPED: brownout exec needs network namespaces, which this kernel or its sandbox does not allow"
  exit 0
fi
cat >"$folder/exec.toml" <<E2
version = 1
[[zone]]
name = "lab"
records = ["chat.example.org. 60 IN A 127.0.0.1", "gone.example.org. 60 IN A 127.0.0.9"]
[[listener]]
name = "dns"
protocol = "dns"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [53]
zone = "lab"
[[rule]]
name = "host"
match = { host = "gone.example.org" }
fault = { type = "syn_loss" }
[[rule]]
name = "port"
match = { destination = "192.0.2.0/24", port = 81 }
fault = { type = "unplug" }
E2
curl_code() {
  local code=0
  "$brownout" exec "$folder/exec.toml" -- curl -s -o /dev/null --connect-timeout 1 --max-time 2 "$1" || code=$?
  echo "$code"
}
web=$(free_port)
start web python3 -m http.server --bind 127.0.0.1 "$web"
wait_port "$web"
[ "$(curl_code "http://chat.example.org:$web/")" = 0 ] || fail "exec: expected another host to be reached"
[ "$(curl_code "http://gone.example.org:$web/")" = 28 ] || fail "exec, a host: expected curl's connect time-out (28)"
cat >"$folder/connect.py" <<'P'
import socket, sys
client = socket.socket()
client.settimeout(1)
try:
    client.connect((sys.argv[1], int(sys.argv[2])))
    print("answered")
except TimeoutError:
    print("hangs")
except ConnectionError:  # accepted, then reset, since there is no server
    print("answered")
P
in_exec() { "$brownout" exec "$folder/exec.toml" -- python3 "$folder/connect.py" "$@"; }
[ "$(in_exec 192.0.2.9 81)" = hangs ] || fail "exec, unplug of a destination and port: expected the connect to hang"
[ "$(in_exec 192.0.2.9 82)" = answered ] || fail "exec, another port: expected an answer to the connect"
# explain says of a port what exec does.
cat >"$folder/port.toml" <<'E3'
version = 1
[[rule]]
name = "port"
match = { port = 81 }
fault = { type = "syn_loss" }
E3
expect_code 0 "$brownout" explain --exec "$folder/port.toml" --listener tcp --destination 192.0.2.9:81
expect_text out 'a connect hangs, because a filter on the listening socket discards its SYN packets'
pass "exec: connects hang by host, destination and port"
