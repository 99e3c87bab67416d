#!/usr/bin/env bash
# Tests ICMP unreachable with real clients, in networks of the test's own: which error a connect and a
# datagram have in exec, and at a listener where Brownout may use nftables.
brownout=$1
source "$(dirname "$0")/lib.sh"
need python3 curl pgrep
if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
  echo "SKIPPED: this needs network namespaces, which this kernel or its sandbox does not allow"
  exit 0
fi

# connect.py KIND ADDRESS PORT: prints "connected" or the name of the error.
cat >"$folder/connect.py" <<'P'
import errno, socket, sys
kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
client = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
client.settimeout(3)
try:
    client.connect((address, port))
    if kind == "udp":
        client.send(b"hello")
        client.recv(10)
    print("connected")
except TimeoutError:
    print("silent")
except OSError as error:
    print(errno.errorcode[error.errno])
P
cat >"$folder/exec.toml" <<'E2'
version = 1
[[rule]]
name = "host"
match = { destination = "192.0.2.1" }
fault = { type = "unreachable" }
[[rule]]
match = { destination = "192.0.2.2" }
fault = { type = "unreachable", what = "net" }
[[rule]]
match = { destination = "192.0.2.3" }
fault = { type = "unreachable", what = "port" }
[[rule]]
match = { destination = "192.0.2.4" }
fault = { type = "unreachable", what = "prohibited" }
[[rule]]
match = { destination = "192.0.2.5" }
fault = { type = "syn_loss" }
E2
in_exec() { "$brownout" exec "$folder/exec.toml" --events "$folder/exec.jsonl" -- python3 "$folder/connect.py" "$@"; }
for expected in "1 EHOSTUNREACH" "2 ENETUNREACH" "3 ECONNREFUSED" "4 EHOSTUNREACH" "5 silent"; do
  said=$(in_exec tcp "192.0.2.${expected% *}" 443)
  [ "$said" = "${expected#* }" ] || fail "exec, 192.0.2.${expected% *}: expected ${expected#* }, got $said"
done
[ "$(in_exec udp 192.0.2.3 7000)" = ECONNREFUSED ] || fail "exec, a datagram: expected ECONNREFUSED"
expect_code 0 "$brownout" explain --exec "$folder/exec.toml" --listener tls --destination 192.0.2.1:443
expect_text out 'a connect fails at once, because nftables answers its SYN packets with ICMP host unreachable'
cat >"$folder/host.toml" <<'E5'
version = 1
[[rule]]
match = { host = "blocked.test" }
fault = { type = "unreachable" }
E5
expect_code 0 "$brownout" explain --exec "$folder/host.toml" --listener tcp --destination 127.0.0.1:8100
expect_text out 'it acts on a connect to this address only if a DNS answer for its host contained this address'
pass "exec: each message gives a connect and a datagram its error"

# A short command ends before the counters have been read for the first time.
for expected in "1 host answer with ICMP" "5 syn_loss drop SYN"; do
  read -r host rule action <<<"$expected"
  "$brownout" exec "$folder/exec.toml" --summary --events "$folder/events.jsonl" -- curl -s -m 0.3 "http://192.0.2.$host/" 2>"$folder/summary" || true
  grep -qE "^$rule +[a-z_]+( +1){3}\$" "$folder/summary" ||
    fail "a short command, $rule: expected 1 in each column, got: $(cat "$folder/summary")"
  grep -q "\"rule\":\"$rule\".*\"action\":\"$action\"" "$folder/events.jsonl" ||
    fail "a short command, $rule: expected an event, got: $(cat "$folder/events.jsonl")"
done
pass "a short command: the summary and the events say how many were answered and lost"

# The command's network is gone when a rule is due to change there. The warning would be false.
cat >"$folder/gone.toml" <<'E4'
version = 1
[[rule]]
match = { destination = "192.0.2.1" }
duration = "1s"
fault = { type = "unreachable" }
E4
"$brownout" exec "$folder/gone.toml" -- sleep 60 2>"$folder/gone.log" &
exec_pid=$!
until supervisor=$(pgrep -P "$exec_pid") && pgrep -x sleep -P "$supervisor" >/dev/null; do :; done
kill -STOP "$exec_pid"
sleep 1.2
kill -KILL "$supervisor"
kill -CONT "$exec_pid"
wait "$exec_pid" || true
if grep -q 'no longer used' "$folder/gone.log"; then fail "after the end: expected no warning, got: $(cat "$folder/gone.log")"; fi
pass "no warning about nftables when the command's network has ended"

# A listener in a network where Brownout has CAP_NET_ADMIN, and one where it has not.
port=$(free_port)
cat >"$folder/plain.toml" <<E3
version = 1
[[upstream]]
name = "server"
servers = ["127.0.0.1:9"]
[[listener]]
name = "front"
listen = "127.0.0.1:$port"
upstream = "server"
[[rule]]
match = { client = "127.0.0.1" }
fault = { type = "unreachable" }
E3
cat >"$folder/plain.sh" <<'S'
ip link set lo up
rm -f "$2/plain.log" # that of an earlier proxy
"$1" run "$2/plain.toml" --api off --drain 0s 2>"$2/plain.log" &
until grep -qs 'listener front' "$2/plain.log"; do sleep 0.05; done
python3 "$2/connect.py" tcp 127.0.0.1 "$3"
"$1" explain "$2/plain.toml" --listener front --client 127.0.0.1:5000
kill $!
wait $! || true
nft list tables
S
own=(unshare --net)
[ "$(id -u)" = 0 ] || own=(unshare --user --map-root-user --net)
"${own[@]}" bash "$folder/plain.sh" "$brownout" "$folder" "$port" >"$folder/said" || fail "a listener: $(cat "$folder/said" "$folder/plain.log")"
[ "$(head -n 1 "$folder/said")" = EHOSTUNREACH ] || fail "a listener: expected EHOSTUNREACH, got: $(cat "$folder/said" "$folder/plain.log")"
grep -q 'nftables answers its SYN packets with ICMP host unreachable' "$folder/said" || fail "explain: got $(cat "$folder/said")"
if grep -q brownout_syns "$folder/said"; then fail "after the end: expected no table of Brownout's"; fi
"${own[@]}" bash -c 'ip link set lo up; exec setpriv --bounding-set -net_admin --inh-caps -net_admin "$@"' - \
  bash "$folder/plain.sh" "$brownout" "$folder" "$port" >"$folder/said" 2>&1 || true
grep -qE '^(connected|ECONNRESET)' "$folder/said" || fail "without rights: expected a connection that is reset, got: $(cat "$folder/said")"
grep -q 'a connect succeeds and is then reset: nftables cannot be used here' "$folder/said" || fail "explain without rights: got $(cat "$folder/said")"
pass "a listener: with CAP_NET_ADMIN a connect fails, without it is reset, and explain says so"

# A firewall that rejects datagrams and queries, and a server whose port is closed.
cat >"$folder/reject.toml" <<'E6'
version = 1
[[firewall]]
name = "f"
rules = [
  { action = "reject", protocol = "udp", port = [443, 53] },
  { action = "drop", protocol = "udp", port = 444 },
]
E6
rejected() { "$brownout" exec "$folder/reject.toml" --events "$folder/reject.jsonl" -- python3 "$folder/connect.py" udp "$@"; }
[ "$(rejected 192.0.2.1 443)" = ECONNREFUSED ] || fail "exec, a rejected datagram: expected ECONNREFUSED"
said=$(rejected ::1 443); [ "$said" = ECONNREFUSED ] || fail "exec, a rejected datagram of IPv6: expected ECONNREFUSED, got $said"
[ "$(rejected 192.0.2.1 53)" = silent ] || fail "exec, bytes that are no query: expected silence, since no rule is asked"
[ "$(rejected 192.0.2.1 444)" = silent ] || fail "exec, a dropped datagram: expected silence"
grep -q '"action":"reject"' "$folder/reject.jsonl" || fail "exec: expected an event of the firewall, got: $(cat "$folder/reject.jsonl")"
[ "$(rejected 127.0.0.1 9)" = ECONNREFUSED ] || fail "exec, a closed port: expected ECONNREFUSED, as without exec"
cat >"$folder/query.py" <<'P'
import errno, socket
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(3)
client.connect(("192.0.2.1", 53))
client.send(b"\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3org\0\0\1\0\1")
try:
    print(client.recv(100))
except OSError as error:
    print(errno.errorcode.get(error.errno, error))
P
[ "$("$brownout" exec "$folder/reject.toml" -- python3 "$folder/query.py")" = ECONNREFUSED ] || fail "exec, a rejected query: expected ECONNREFUSED"
cat >"$folder/later.toml" <<'E8'
version = 1
[[firewall]]
name = "f"
[[rule]]
start = "1s"
fault = { type = "port_block", port = 9000, action = "reject" }
E8
cat >"$folder/session.py" <<'P'
import errno, socket, threading, time
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 9000))
threading.Thread(target=lambda: [server.sendto(*server.recvfrom(10)) for _ in iter(int, 1)], daemon=True).start()
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(0.5)
client.connect(("127.0.0.1", 9000))
answers, end = 0, time.monotonic() + 10
while time.monotonic() < end:
    try:
        client.send(b"x")
        answers += len(client.recv(10))
    except TimeoutError:
        print("silent")
        break
    except OSError as error:
        print("answered" if answers else "never answered", errno.errorcode[error.errno])
        break
    time.sleep(0.05)
P
said=$("$brownout" exec "$folder/later.toml" -- python3 "$folder/session.py")
[ "$said" = "answered ECONNREFUSED" ] || fail "exec, an open session: expected answers and then ECONNREFUSED, got $said"
pass "exec: rejected datagrams and queries, and a closed port, are told by ICMP"

cat >"$folder/udp.toml" <<E7
version = 1
[[listener]]
name = "front"
protocol = "udp"
listen = "127.0.0.1:$port"
upstream = "127.0.0.1:9"
[[firewall]]
name = "f"
policy = "reject"
E7
cat >"$folder/udp.sh" <<'S'
ip link set lo up
rm -f "$2/udp.log"
"$1" run "$2/udp.toml" --api off --drain 0s 2>"$2/udp.log" &
until grep -qs 'listener front' "$2/udp.log"; do sleep 0.05; done
python3 "$2/connect.py" udp 127.0.0.1 "$3"
kill $!
wait $! || true
S
[ "$("${own[@]}" bash "$folder/udp.sh" "$brownout" "$folder" "$port")" = ECONNREFUSED ] || fail "a listener, a rejected datagram: expected ECONNREFUSED"
said=$("${own[@]}" bash -c 'ip link set lo up; exec setpriv --bounding-set -net_raw --inh-caps -net_raw "$@"' - bash "$folder/udp.sh" "$brownout" "$folder" "$port")
[ "$said" = silent ] || fail "a rejected datagram without CAP_NET_RAW: expected silence, got $said"
grep -q 'run Brownout with the capability CAP_NET_RAW' "$folder/udp.log" || fail "without CAP_NET_RAW: expected a line in the log, got: $(cat "$folder/udp.log")"
pass "a listener: a rejected datagram is told by ICMP with CAP_NET_RAW"
