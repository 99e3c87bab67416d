#!/usr/bin/env bash
# Tests server names in a namespace with its own /etc/hosts and resolv.conf with search domains, and
# with a resolver that does not answer for some names. Also tests a zone transfer with dig.
brownout=$1
source "$(dirname "$0")/lib.sh"
need dig unshare ip python3

cat >"$folder/hosts" <<'EOF'
127.0.0.1 localhost
127.0.0.1 hosted.lab hosted
EOF
printf '%s\n' 'nameserver 127.0.0.1' 'search none.example.org example.org' 'options timeout:1 attempts:1' \
  >"$folder/resolv.conf"
cat >"$folder/rules.toml" <<'EOF'
version = 1
[[zone]]
name = "lab"
records = '''
$ORIGIN example.org.
@ IN 60 SOA ns admin ( 1
                       2 3 4 5 )
server 60 IN A 127.0.0.1
       60 IN TXT "the same name"
'''
[[listener]]
name = "dns"
protocol = "dns"
listen = "127.0.0.1:53"
zone = "lab"
[[rule]]
match = { qname = "dark*" }
fault = { type = "timeout" }
EOF
port=7000
for name in hosted localhost server server.example.org dark0 dark1 dark2 dark3 dark4 dark5 dark6 dark7; do
  port=$((port + 1))
  cat >>"$folder/rules.toml" <<EOF
[[upstream]]
name = "to $name"
servers = ["$name:7000"]
connect_timeout = "2s"
[[listener]]
name = "$name"
listen = "localhost:$port"
upstream = "to $name"
EOF
done
cat >>"$folder/rules.toml" <<'EOF'
[[upstream]]
name = "to dark by udp"
servers = ["dark.udp.example.org:7000"]
connect_timeout = "300ms"
[[listener]]
name = "udp"
protocol = "udp"
listen = "localhost:7100"
upstream = "to dark by udp"
EOF
cat >"$folder/inside.py" <<'EOF'
import re, socket, sys, threading, time
def serve(listening):
    while True:
        connection, _ = listening.accept()
        connection.sendall(b"served")
        connection.close()
listening = socket.create_server(("127.0.0.1", 7000))
threading.Thread(target=serve, args=(listening,), daemon=True).start()
def ask(port):
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.settimeout(10)
        try:
            got = client.recv(100).decode() or "closed"
        except ConnectionResetError:
            got = "reset"
        except socket.timeout:
            got = "nothing"
    return got, time.monotonic() - begun
for port in (7001, 7002, 7003, 7004):
    print(port, ask(port)[0])
# Connections to eight names without an answer, and to one that resolves.
dark = [socket.create_connection(("127.0.0.1", 7005 + i), 10) for i in range(8)]
# The single worker accepts in order, so after this answer it has accepted the other connections,
# too.
ask(7003)
got, took = ask(7003)
print("beside the dark:", got, "at once" if took < 1.5 else f"after {took:.1f} s")
got, took = ask(7005)
print("dark:", got, "in time" if took < 4 else f"after {took:.1f} s")
# A UDP session whose server name gets no answer. The resolver's own time-out is longer.
def failures():
    import urllib.request
    text = urllib.request.urlopen("http://127.0.0.1:7200/metrics", timeout=10).read().decode()
    return int(re.search(r'connect_failures_total{listener="udp"} ([0-9]+)', text)[1])
assert failures() == 0
begun = time.monotonic()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 7100))
while failures() == 0 and time.monotonic() < begun + 10: time.sleep(0.01)
took = time.monotonic() - begun
print("udp:", "in time" if 0.25 < took < 0.9 else f"after {took:.1f} s")
EOF
cat >"$folder/inside.sh" <<'EOF'
set -eu
ip link set lo up
mount --bind "$2/resolv.conf" /etc/resolv.conf
mount --bind "$2/hosts" /etc/hosts
"$1" run "$2/rules.toml" --workers 1 --drain 0s --api 127.0.0.1:7200 2>"$2/inside.log" &
trap 'kill $!' EXIT
for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/7001) 2>/dev/null && break; sleep 0.05; done
python3 "$2/inside.py"
EOF
unshare --map-root-user --net --mount bash "$folder/inside.sh" "$brownout" "$folder" >"$folder/inside.txt" 2>&1 ||
  fail "names in a namespace: expected the script to succeed, but it failed: $(cat "$folder/inside.txt" "$folder/inside.log")"
for line in "7001 served" "7002 served" "7003 served" "7004 served"; do
  grep -qx "$line" "$folder/inside.txt" ||
    fail "names in a namespace: expected the line \"$line\", got: $(cat "$folder/inside.txt" "$folder/inside.log")"
done
pass "names from /etc/hosts, localhost, a search domain and DNS"
grep -qx 'beside the dark: served at once' "$folder/inside.txt" ||
  fail "eight names without an answer: expected the ninth to be served at once, got: $(cat "$folder/inside.txt")"
grep -qx 'dark: reset in time' "$folder/inside.txt" ||
  fail "connect_timeout of a TCP connection: expected a reset in time, got: $(cat "$folder/inside.txt")"
grep -qx 'udp: in time' "$folder/inside.txt" || fail "connect_timeout of a UDP session: expected its end in time, got: $(cat "$folder/inside.txt")"
pass "an unanswered name does not delay other names, and fails within connect_timeout"

# A primary server of a zone, which sends three messages for one AXFR.
primary_port=$(free_port)
cat >"$folder/primary.py" <<'EOF'
import socket, struct, sys, threading
def name(text): return b"".join(bytes([len(one)]) + one.encode() for one in text.split(".")) + b"\0"
def record(owner, kind, data): return name(owner) + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
soa = record("example.org", 6, name("ns.example.org") + name("admin.example.org") + struct.pack(">5I", 1, 2, 3, 4, 5))
def serve(connection):
    size = struct.unpack(">H", connection.recv(2, socket.MSG_WAITALL))[0]
    query = connection.recv(size, socket.MSG_WAITALL)
    question = query[12:query.index(b"\0", 12) + 5]
    hosts = [record(f"h{i}.example.org", 1, bytes([10, 0, i // 256, i % 256])) for i in range(3000)]
    for number, records in enumerate(([soa] + hosts[:1000], hosts[1000:2000], hosts[2000:] + [soa])):
        head = query[:2] + b"\x84\0" + struct.pack(">4H", 0 if number else 1, len(records), 0, 0)
        message = head + (b"" if number else question) + b"".join(records)
        connection.sendall(struct.pack(">H", len(message)) + message)
    connection.recv(1)
    connection.close()
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()
EOF
start primary python3 "$folder/primary.py" "$primary_port"
wait_port "$primary_port"
proxy transfers "$primary_port" "" 'protocol = "dns"'
dig @127.0.0.1 -p "$primary_port" +noall +answer example.org AXFR >"$folder/direct.txt"
dig @127.0.0.1 -p "$proxy_port" +noall +answer example.org AXFR >"$folder/through.txt"
[ "$(wc -l <"$folder/direct.txt")" = 3002 ] || fail "zone transfer without the proxy: expected 3002 lines, got $(wc -l <"$folder/direct.txt")"
cmp "$folder/direct.txt" "$folder/through.txt" || fail "zone transfer: expected the same records through the proxy as without it, got different ones"
pass "dig transfers a zone of three messages"
