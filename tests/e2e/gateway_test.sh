#!/usr/bin/env bash
# Tests transparent interception in networks connected by veth pairs: a client, a gateway that runs
# brownout, and a server. The client address that the server sees distinguishes redirect, tproxy and
# spoofing.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/networks.sh"
need ip nft unshare nsenter curl python3 dig setpriv

if ! unshare --net true 2>/dev/null; then
  echo "SKIPPED: this test creates network namespaces, which needs root on this machine"
  exit 0
fi

for name in client gateway server; do network "$name"; done
link gateway client 10.71.1 fd71:1
link gateway server 10.71.2 fd71:2
forward gateway

# A server that answers with the client address that it sees.
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
wait_for 10 grep -q ready "$folder/mirror.log" || fail "expected the server to be ready within 10 s, got: $(cat "$folder/mirror.log")"
web="http://10.71.2.2:8080/"
web6="http://[fd71:2::2]:8080/"
get() { inside client curl -sS --max-time 10 "$@"; }
[ "$(get "$web")" = 10.71.1.2 ] || fail "test networks, IPv4: expected the server to see the client 10.71.1.2, but it does not"
[ "$(get "$web6")" = fd71:1::2 ] || fail "test networks, IPv6: expected the server to see the client fd71:1::2, but it does not"

# gateway NAME INTERCEPT [KEYS [RULES]]: starts brownout on the gateway.
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
  wait_for 10 grep -q 'listener datagrams' "$folder/$1.log" ||
    fail "$1: expected all listeners to open within 10 s, but they did not; log: $(cat "$folder/$1.log")"
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
intercept apply "$folder/plain.toml" --interface to-client --for 1m 2>"$folder/said" ||
  fail "intercept apply: expected exit code 0, got $?; output: $(cat "$folder/said")"
grep -q 'IPv4 TCP to port 8080 -> listener web at 0.0.0.0:1500' "$folder/said" && grep -q 'not redirected: .* loopback' "$folder/said" ||
  fail "intercept apply: expected a report of redirected and not redirected listeners, got: $(cat "$folder/said")"
[ "$(get "$web")" = 10.71.2.1 ] || fail "redirect over IPv4: expected the server to see the gateway 10.71.2.1, but it does not"
[ "$(get "$web6")" = fd71:2::1 ] || fail "redirect over IPv6: expected the server to see the gateway fd71:2::1, but it does not"
[ "$(get "http://10.71.2.2:8081/")" = 10.71.1.2 ] ||
  fail "redirect, a port without a listener: expected the server to see the client 10.71.1.2, but it does not"
begin=$(now)
get "$web" >/dev/null
at_least "$(since "$begin")" 0.4 || fail "redirect: expected the rule to delay the request by 0.4 s, but it was faster"
[ "$(udp)" = "b'echo hi' ('10.71.2.2', 7000)" ] || fail "redirect of datagrams: expected the echo from 10.71.2.2:7000, got: $(udp)"
if inside client curl -sS --max-time 5 "http://10.71.1.1:1500/" 2>/dev/null; then
  fail "a client that connects to the listener's own port: expected a refusal, but it was served"
fi
wait_for 5 grep -q 'refused a client that connected directly' "$folder/plain.log" ||
  fail "a client that connects to the listener's own port: expected the reason in the log, got: $(cat "$folder/plain.log")"
pass "redirect: connections by IPv4 and IPv6, and datagrams; rules act; the server sees the gateway"

intercept apply "$folder/plain.toml" --interface to-client --for 1m --output json >"$folder/said" 2>"$folder/warned" ||
  fail "intercept apply --output json: expected exit code 0, got $?"
python3 -c "
import json
report = json.load(open('$folder/said'))
assert report['for'] == '1m' and report['listeners'][0]['ipv4'] is True, report
" || fail "intercept apply --output json: $(cat "$folder/said")"
intercept remove --output json | grep -q '"removed": ' || fail "intercept remove --output json: expected \"removed\""
intercept remove && intercept remove || fail "intercept remove, twice: expected exit code 0, got $?"
[ "$(get "$web")" = 10.71.1.2 ] || fail "intercept remove: expected the server to see the client 10.71.1.2, but connections are still intercepted"
intercept apply "$folder/plain.toml" --prefix 10.71.1.0/24 --for 1s
[ "$(get "$web")" = 10.71.2.1 ] || fail "interception by client prefix: expected the server to see the gateway 10.71.2.1, but it does not"
# After a crash of brownout, its nftables rules stay until the kernel removes them at their expiry.
kill -KILL "$running"
wait "$running" 2>/dev/null || true
free_again() { [ "$(get "$web" 2>/dev/null)" = 10.71.1.2 ]; }
wait_for 10 free_again || fail "brownout has crashed: expected the interception to expire and connections to work again, but they fail"
intercept remove
pass "remove is idempotent; after --for, everything passes again though brownout crashed"

if inside gateway nft 'add table inet probe; add chain inet probe c { type filter hook prerouting priority -150; }; add rule inet probe c meta l4proto tcp tproxy to :1' 2>/dev/null; then
  inside gateway nft delete table inet probe
  gateway tproxy tproxy
  intercept apply "$folder/tproxy.toml" --interface to-client
  [ "$(get "$web")" = 10.71.2.1 ] || fail "tproxy over IPv4: expected the server to see the gateway 10.71.2.1, but it does not"
  [ "$(get "$web6")" = fd71:2::1 ] || fail "tproxy over IPv6: expected the server to see the gateway fd71:2::1, but it does not"
  end_gateway
  intercept remove
  gateway lost tproxy '' '[[rule]]
match = { listener = ["web", "web6"], destination = ["10.71.2.0/24", "fd71:2::2"], port = 8080 }
fault = { type = "syn_loss" }
[[rule]]
match = { destination = "10.71.3.0/24" }
fault = { type = "unplug" }'
  intercept apply "$folder/lost.toml" --interface to-client
  for lost in "$web" "$web6"; do
    code=0
    inside client curl -s --connect-timeout 1 "$lost" >/dev/null || code=$?
    [ "$code" = 28 ] || fail "syn_loss by destination, $lost: expected the connect time-out of curl (28), got $code"
  done
  end_gateway
  intercept remove
  gateway spoof tproxy 'spoof_client = true' '[[rule]]
fault = { type = "abort", status = 503, body = "by brownout" }
match = { path = "/abort" }'
  # The server's answers to the spoofed client address must be routed to brownout.
  intercept apply "$folder/spoof.toml" --interface to-client
  [ "$(get "$web")" = 10.71.1.2 ] || fail "spoof_client over IPv4: expected the server to see the client 10.71.1.2, got: $(get "$web")"
  [ "$(get "$web6")" = fd71:1::2 ] || fail "spoof_client over IPv6: expected the server to see the client fd71:1::2, got: $(get "$web6")"
  [ "$(get "${web}abort")" = "by brownout" ] || fail "spoof_client: expected the abort rule to answer, but the request did not pass through Brownout"
  end_gateway
  intercept remove
  if inside gateway ip rule | grep -q 0x62726f78; then fail "after the end: expected no routing rule of Brownout, but \"ip rule\" still lists one"; fi
  pass "tproxy: the server sees the gateway's address; with spoof_client, the client's address"
else
  echo "SKIPPED: tproxy, because this kernel lacks the module nft_tproxy"
fi

# REDIRECT replaces the destination; nftables at the listener knows the original one.
gateway hidden redirect '' '[[rule]]
name = "lost"
match = { listener = ["web", "web6"], destination = ["10.71.2.0/24", "fd71:2::2"], port = 8080 }
duration = "4s"
fault = { type = "syn_loss" }
[[rule]]
match = { destination = "10.71.3.0/24" }
fault = { type = "unplug" }'
intercept apply "$folder/hidden.toml" --interface to-client
for lost in "$web" "$web6"; do
  code=0
  inside client curl -s --connect-timeout 1 "$lost" >/dev/null || code=$?
  [ "$code" = 28 ] || fail "redirect, syn_loss by destination, $lost: expected the connect time-out of curl (28), got $code"
done
inside gateway "$brownout" explain "$folder/hidden.toml" --listener web --destination 10.71.2.2:8080 >"$folder/said"
grep -q 'because nftables drops its SYN packets' "$folder/said" || fail "explain: expected nftables, got: $(cat "$folder/said")"
[ "$(get "$web")" = 10.71.2.1 ] || fail "redirect, after syn_loss: expected the server to be reached"
end_gateway
grep -q '"rule":"lost".*"action":"drop SYN"' "$folder/hidden.jsonl" || fail "redirect, syn_loss: expected an event, got: $(cat "$folder/hidden.jsonl")"
if inside gateway nft list tables | grep -q brownout_syns; then fail "after the end: expected no table of Brownout's"; fi
gateway far redirect '' '[[rule]]
match = { listener = ["web", "web6"], destination = ["10.71.2.0/24", "fd71:2::2"] }
fault = { type = "unreachable", what = "net" }
[[rule]]
match = { listener = "datagrams", port = 7000 }
fault = { type = "unreachable", what = "port" }'
intercept apply "$folder/far.toml" --interface to-client
for lost in "$web" "$web6"; do
  address=${lost#http://} address=${address%:8080/} address=${address#[}
  said=$(inside client /usr/bin/python3 -c "
import errno, socket, sys
try: socket.create_connection((sys.argv[1], 8080), timeout=5); print('connected')
except OSError as error: print(errno.errorcode.get(error.errno, error))" "${address%]}")
  [ "$said" = ENETUNREACH ] || fail "unreachable, net, $lost: expected ENETUNREACH, got $said"
done
end_gateway
intercept remove
pass "redirect: nftables loses and answers SYNs by their original destination"

gateway fenced redirect "" '[[firewall]]
name = "edge"
rules = [{ action = "reject", source = "10.71.1.0/24", destination = "10.71.2.0/24", port = 8080 }]'
intercept apply "$folder/fenced.toml" --interface to-client
if get "$web" 2>/dev/null; then fail "a firewall that drops the client: expected an intercepted connection to fail, but it was served"; fi
end_gateway
grep -q '"rule":"edge"' "$folder/fenced.jsonl" ||
  fail "a firewall that drops the client: expected an event of the rule \"edge\", got: $(cat "$folder/fenced.jsonl")"
intercept remove
pass "a firewall acts on intercepted connections"

# Interception of the gateway's own processes, selected by user. brownout runs as the same user, and
# must not intercept itself.
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
wait_for 10 grep -q 'listener web' "$folder/local.log" ||
  fail "interception of local processes: expected the listener to open within 10 s, but it did not; log: $(cat "$folder/local.log")"
intercept apply "$folder/local.toml" --uid nobody
as_nobody() { inside gateway setpriv --reuid=65534 curl -sS --max-time 5 "$@"; }
[ "$(as_nobody "${web}abort")" = "by brownout" ] ||
  fail "interception by user: expected the abort rule to answer, but the request did not pass through Brownout"
[ "$(as_nobody "$web")" = 10.71.2.1 ] ||
  fail "interception by user: expected the server to see the gateway 10.71.2.1, but Brownout's own connections may be intercepted"
[ "$(inside gateway curl -sS "${web}abort")" = 10.71.2.1 ] ||
  fail "interception by user: expected another user's request to reach the server directly, but it was intercepted"
end_gateway
intercept remove
pass "processes of one user are intercepted, and brownout's own connections are not"

# Without CAP_NET_ADMIN, brownout cannot mark its own connections, so they are redirected back to
# it. It must not connect to itself again and again.
start_inside unmarked gateway setpriv --reuid=65534 --regid=65534 --clear-groups "$brownout" run "$folder/local.toml" --drain 0s --api off
running=$last_pid
wait_for 10 grep -q 'listener web' "$folder/unmarked.log" ||
  fail "brownout without CAP_NET_ADMIN: expected the listener to open within 10 s, but it did not; log: $(cat "$folder/unmarked.log")"
intercept apply "$folder/local.toml" --uid nobody
for i in 1 2 3; do
  # The client gets a reset or the status 502.
  said=$(as_nobody "$web" 2>&1 || true)
  if grep -q '^10\.' <<<"$said"; then
    fail "Brownout's own connections are redirected back to it: expected an error, but the request was served: $said"
  fi
done
[ "$(find "/proc/$running/fd" | wc -l)" -lt 60 ] ||
  fail "Brownout's own connections are redirected back to it: expected fewer than 60 open descriptors, got $(find "/proc/$running/fd" | wc -l)"
wait_for 5 grep -q 'connections that Brownout opens to servers are redirected back to Brownout.*CAP_NET_ADMIN' "$folder/unmarked.log" ||
  fail "Brownout's own connections are redirected back to it: expected the reason in the log, got: $(cat "$folder/unmarked.log")"
[ "$(inside gateway curl -sS "$web")" = 10.71.2.1 ] ||
  fail "interception by user: expected another user's request to reach the server directly, but it did not"
end_gateway
intercept remove
pass "brownout refuses its own connections that are redirected back, and logs the reason"

# Interception of the processes of one control group. cgroup2 is mounted only for this part, at the
# path that nft expects.
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
  wait_for 10 grep -q 'listener web' "$folder/groups.log" ||
    fail "interception by control group: expected the listener to open within 10 s, but it did not; log: $(cat "$folder/groups.log")"
  said=$(inside gateway unshare --mount bash "$folder/groups.sh" "$brownout" "$folder/local.toml" "$web") ||
    fail "interception by control group: expected the script to succeed, but it failed: $said"
  [ "$said" = "by brownout"$'\n'10.71.2.1 ] ||
    fail "interception by control group: expected Brownout's answer inside and the server's outside, got: $said"
  end_gateway
  pass "processes of one control group are intercepted, and no others"
else
  echo "SKIPPED: interception by control group, because cgroup2 cannot be mounted on this machine"
fi

# Errors are reported and change nothing.
complains() {
  local wanted=$1
  shift
  if "$brownout" intercept "$@" 2>"$folder/said"; then
    fail "intercept $*: expected an error, but it succeeded"
  fi
  grep -q -- "$wanted" "$folder/said" ||
    fail "intercept $*: expected the message \"$wanted\", got: $(cat "$folder/said")"
}
complains 'give --uid' print "$folder/local.toml"
complains 'there is no user' print "$folder/local.toml" --uid no-such-user
for number in 4294967295 4294967296 18446744073709551616; do complains 'is not a user id' print "$folder/local.toml" --uid "$number"; done
complains 'is not the name of a network interface' print "$folder/plain.toml" --interface 'eth1" } accept #'
complains 'is empty, or has blanks or quotes' print "$folder/local.toml" --cgroup $'a\nb'
"$brownout" intercept print "$folder/local.toml" --cgroup /chat.slice/phones/ | grep -q 'level 2 "chat.slice/phones"' ||
  fail "intercept print --cgroup with slashes around the path: expected level 2 and the path without them, got other rules"
complains '--for' print "$folder/local.toml" --uid 1 --for 300000000h
complains 'listens on loopback' print "$folder/local.toml" --interface eth1
complains '--for' print "$folder/local.toml" --uid 1 --for 0s
"$brownout" intercept print "$folder/local.toml" --uid 1000 | grep -q 'meta skuid { 1000 } meta nfproto ipv4 tcp dport { 8080 } .* redirect to :1500' ||
  fail "intercept print --uid 1000: expected a redirect rule for port 8080 of user 1000, but it is missing"
pass "intercept print shows the rules that apply would load, and errors are reported"
