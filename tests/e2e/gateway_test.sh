#!/usr/bin/env bash
# Transparent interception in test networks connected by veth pairs: a client, a gateway that runs brownout, and a
# server. The client address that the server sees distinguishes redirect, tproxy and spoofing.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/networks.sh"
need ip nft unshare nsenter curl python3 dig setpriv

if ! unshare --net true 2>/dev/null; then
  echo "SKIPPED: network namespaces need root here"
  exit 0
fi

for name in client gateway server; do network "$name"; done
link gateway client 10.71.1 fd71:1
link gateway server 10.71.2 fd71:2
forward gateway

# A server that answers with the client address it sees.
cat >"$folder/mirror.py" <<'P'
import http.server, socket, socketserver, threading
class Mirror(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.client_address[0].removeprefix("::ffff:").encode() + b"\n"
        self.send_response(200); self.send_header("content-length", str(len(body))); self.end_headers(); self.wfile.write(body)
    def log_message(self, *_): pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    address_family = socket.AF_INET6
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request[1].sendto(b"echo " + self.request[0], self.client_address)
for port in (8080, 8081):
    threading.Thread(target=Server(("::", port), Mirror).serve_forever, daemon=True).start()
print("ready", flush=True)
socketserver.UDPServer(("0.0.0.0", 7000), Echo).serve_forever()
P
start_inside mirror server /usr/bin/python3 "$folder/mirror.py"
wait_for 10 grep -q ready "$folder/mirror.log" || fail "no server: $(cat "$folder/mirror.log")"
web="http://10.71.2.2:8080/"
web6="http://[fd71:2::2]:8080/"
get() { inside client curl -sS --max-time 10 "$@"; }
[ "$(get "$web")" = 10.71.1.2 ] || fail "the networks do not work"
[ "$(get "$web6")" = fd71:1::2 ] || fail "the networks do not work by IPv6"

# gateway NAME INTERCEPT [KEYS [RULES]]
gateway() {
  cat >"$folder/$1.toml" <<E
version = 1
[[listener]]
name = "web"
protocol = "http"
listen = "0.0.0.0:1500"
intercept = "$2"
ports = [8080]
${3:-}
[[listener]]
name = "web6"
listen = "[::]:1500"
intercept = "$2"
ports = [8080]
${3:-}
[[listener]]
name = "datagrams"
protocol = "udp"
listen = "0.0.0.0:1501"
intercept = "redirect"
ports = [7000]
${4:-}
E
  start_inside "$1" gateway "$brownout" run "$folder/$1.toml" --drain 0s --api off --events "$folder/$1.jsonl"
  running=$last_pid
  wait_for 10 grep -q 'listener datagrams' "$folder/$1.log" || fail "$1: $(cat "$folder/$1.log")"
}
end_gateway() { kill "$running"; wait "$running" 2>/dev/null || true; }
intercept() { inside gateway "$brownout" intercept "$@"; }
udp() { inside client /usr/bin/python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
s.sendto(b'hi', ('10.71.2.2', 7000)); print(*s.recvfrom(100))"; }

gateway plain redirect "" '[[rule]]
name = "slow"
match = { listener = ["web", "web6"], destination = ["10.71.2.0/24", "fd71:2::/64"] }
fault = { type = "latency", delay = "200ms" }'
intercept apply "$folder/plain.toml" --interface to-client --for 1m 2>"$folder/said" || fail "intercept apply"
grep -q 'IPv4 TCP to port 8080 -> listener web at 0.0.0.0:1500' "$folder/said" && grep -q 'not diverted: .* loopback' "$folder/said" ||
  fail "apply does not report the diverted listeners: $(cat "$folder/said")"
[ "$(get "$web")" = 10.71.2.1 ] || fail "redirect: the server does not see the gateway"
[ "$(get "$web6")" = fd71:2::1 ] || fail "redirect by IPv6"
[ "$(get "http://10.71.2.2:8081/")" = 10.71.1.2 ] || fail "redirect: a port that no listener has"
begin=$(now)
get "$web" >/dev/null
at_least "$(since "$begin")" 0.4 || fail "redirect: the rule does not act"
[ "$(udp)" = "b'echo hi' ('10.71.2.2', 7000)" ] || fail "redirect: datagrams: $(udp)"
if inside client curl -sS --max-time 5 "http://10.71.1.1:1500/" 2>/dev/null; then fail "a client that connects to the listener itself"; fi
wait_for 5 grep -q 'refused a client that connected directly' "$folder/plain.log" || fail "nobody says why: $(cat "$folder/plain.log")"
pass "redirect: connections by IPv4 and IPv6, and datagrams; rules act; the server sees the gateway"

intercept remove && intercept remove || fail "remove, twice"
[ "$(get "$web")" = 10.71.1.2 ] || fail "removed, but still intercepted"
intercept apply "$folder/plain.toml" --prefix 10.71.1.0/24 --for 1s
[ "$(get "$web")" = 10.71.2.1 ] || fail "by prefix"
# After a crash the kernel's rules stay until the kernel removes them at their expiry.
kill -KILL "$running"
wait "$running" 2>/dev/null || true
free_again() { [ "$(get "$web" 2>/dev/null)" = 10.71.1.2 ]; }
wait_for 10 free_again || fail "a crashed brownout leaves the network cut off"
intercept remove
pass "remove is idempotent; after --for, everything passes again though brownout crashed"

if inside gateway nft 'add table inet probe; add chain inet probe c { type filter hook prerouting priority -150; }; add rule inet probe c meta l4proto tcp tproxy to :1' 2>/dev/null; then
  inside gateway nft delete table inet probe
  gateway tproxy tproxy
  intercept apply "$folder/tproxy.toml" --interface to-client
  [ "$(get "$web")" = 10.71.2.1 ] || fail "tproxy: the server does not see the gateway"
  [ "$(get "$web6")" = fd71:2::1 ] || fail "tproxy by IPv6"
  end_gateway
  intercept remove
  gateway spoof tproxy 'spoof_client = true' '[[rule]]
fault = { type = "abort", status = 503, body = "by brownout" }
match = { path = "/abort" }'
  # The server's answers to the spoofed client address must be routed to brownout.
  intercept apply "$folder/spoof.toml" --interface to-client
  [ "$(get "$web")" = 10.71.1.2 ] || fail "spoof_client: the server sees $(get "$web")"
  [ "$(get "$web6")" = fd71:1::2 ] || fail "spoof_client by IPv6: the server sees $(get "$web6")"
  [ "$(get "${web}abort")" = "by brownout" ] || fail "spoof_client: brownout is not in the way"
  end_gateway
  intercept remove
  if inside gateway ip rule | grep -q 0x62726f78; then fail "a routing rule is left"; fi
  pass "tproxy: the server sees the gateway's address; with spoof_client, the client's address"
else
  echo "SKIPPED: this kernel has no nft_tproxy"
fi

gateway fenced redirect "" '[[firewall]]
name = "edge"
rules = [{ action = "reject", source = "10.71.1.0/24", destination = "10.71.2.0/24", port = 8080 }]'
intercept apply "$folder/fenced.toml" --interface to-client
if get "$web" 2>/dev/null; then fail "a firewall does not act on intercepted connections"; fi
end_gateway
grep -q '"rule":"edge"' "$folder/fenced.jsonl" || fail "no event of the firewall: $(cat "$folder/fenced.jsonl")"
intercept remove
pass "a firewall acts on intercepted connections"

# Processes of the gateway itself, selected by user. brownout runs as that user, and must not intercept itself.
cat >"$folder/local.toml" <<E
version = 1
[[listener]]
name = "web"
protocol = "http"
listen = "127.0.0.1:1500"
intercept = "redirect"
ports = [8080]
[[rule]]
fault = { type = "abort", status = 503, body = "by brownout" }
match = { path = "/abort" }
E
chmod 755 "$folder"
start_inside local gateway setpriv --reuid=65534 --ambient-caps=+net_admin --inh-caps=+net_admin "$brownout" run "$folder/local.toml" --drain 0s --api off
running=$last_pid
wait_for 10 grep -q 'listener web' "$folder/local.log" || fail "local: $(cat "$folder/local.log")"
intercept apply "$folder/local.toml" --uid nobody
as_nobody() { inside gateway setpriv --reuid=65534 curl -sS --max-time 5 "$@"; }
[ "$(as_nobody "${web}abort")" = "by brownout" ] || fail "by user"
[ "$(as_nobody "$web")" = 10.71.2.1 ] || fail "by user: brownout runs in circles"
[ "$(inside gateway curl -sS "${web}abort")" = 10.71.2.1 ] || fail "by user: another user is intercepted, too"
end_gateway
intercept remove
pass "processes of one user are intercepted, and brownout's own connections are not"

# Without the capability, brownout cannot mark its connections, so they are intercepted again. It must not dial in a
# loop.
start_inside unmarked gateway setpriv --reuid=65534 --regid=65534 --clear-groups "$brownout" run "$folder/local.toml" --drain 0s --api off
running=$last_pid
wait_for 10 grep -q 'listener web' "$folder/unmarked.log" || fail "unmarked: $(cat "$folder/unmarked.log")"
intercept apply "$folder/local.toml" --uid nobody
for i in 1 2 3; do
  # The client gets a reset or a 502.
  said=$(as_nobody "$web" 2>&1 || true)
  if grep -q '^10\.' <<<"$said"; then fail "a connection that comes back is served: $said"; fi
done
[ "$(find "/proc/$running/fd" | wc -l)" -lt 60 ] || fail "its own connections go round in a circle"
wait_for 5 grep -q 'connections that brownout itself opens are redirected back to it.*CAP_NET_ADMIN' "$folder/unmarked.log" || fail "nobody says why: $(cat "$folder/unmarked.log")"
[ "$(inside gateway curl -sS "$web")" = 10.71.2.1 ] || fail "another user is not let alone"
end_gateway
intercept remove
pass "brownout refuses its own connections that are redirected back, and logs the reason"

# Processes of one control group. cgroup2 is mounted only for this part, where nft expects it.
cat >"$folder/groups.sh" <<'S'
set -e
brownout=$1 file=$2 web=$3 group=brownout-$$/phones
mount -t cgroup2 none /sys/fs/cgroup
trap 'rmdir "/sys/fs/cgroup/$group" "/sys/fs/cgroup/${group%/*}"' EXIT
mkdir -p "/sys/fs/cgroup/$group"
"$brownout" intercept apply "$file" --cgroup "$group"
sh -c 'echo $$ >"/sys/fs/cgroup/$1/cgroup.procs" && exec curl -sS --max-time 5 "$2"' sh "$group" "${web}abort"
echo
curl -sS --max-time 5 "${web}abort"
"$brownout" intercept remove
S
if unshare --mount mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null; then
  start_inside groups gateway "$brownout" run "$folder/local.toml" --drain 0s --api off
  running=$last_pid
  wait_for 10 grep -q 'listener web' "$folder/groups.log" || fail "groups: $(cat "$folder/groups.log")"
  said=$(inside gateway unshare --mount bash "$folder/groups.sh" "$brownout" "$folder/local.toml" "$web") || fail "by cgroup: $said"
  [ "$said" = "by brownout"$'\n'10.71.2.1 ] || fail "by cgroup: $said"
  end_gateway
  pass "processes of one control group are intercepted, and no others"
else
  echo "SKIPPED: no cgroup2 can be mounted here"
fi

# Errors are reported, and change nothing.
complains() { local wanted=$1; shift; if "$brownout" intercept "$@" 2>"$folder/said"; then fail "no mistake: $*"; fi; grep -q -- "$wanted" "$folder/said" || fail "$*: $(cat "$folder/said")"; }
complains 'give --uid' print "$folder/local.toml"
complains 'there is no user' print "$folder/local.toml" --uid no-such-user
for number in 4294967295 4294967296 18446744073709551616; do complains 'is not a user id' print "$folder/local.toml" --uid "$number"; done
complains 'is not the name of an interface' print "$folder/plain.toml" --interface 'eth1" } accept #'
complains '--cgroup: a path' print "$folder/local.toml" --cgroup $'a\nb'
"$brownout" intercept print "$folder/local.toml" --cgroup /chat.slice/phones/ | grep -q 'level 2 "chat.slice/phones"' || fail "a path with slashes around it"
complains '--for' print "$folder/local.toml" --uid 1 --for 300000000h
complains 'listens on loopback' print "$folder/local.toml" --interface eth1
complains '--for' print "$folder/local.toml" --uid 1 --for 0s
"$brownout" intercept print "$folder/local.toml" --uid 1000 | grep -q 'meta skuid { 1000 } meta nfproto ipv4 tcp dport { 8080 } .* redirect to :1500' || fail print
pass "intercept print shows the rules that apply would load, and errors are reported"
