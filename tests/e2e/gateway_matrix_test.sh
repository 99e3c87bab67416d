#!/usr/bin/env bash
# Tests flows through a gateway when interception begins, is renewed, is removed or expires, and
# when brownout is killed and restarted. Covers redirect, tproxy, and both at wildcard listeners;
# with and without source NAT; TCP and UDP; IPv4 and IPv6. The gateways run in parallel. The client
# address that the server sees shows the path of a flow.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/networks.sh"
need ip nft unshare nsenter python3

if ! unshare --net true 2>/dev/null; then
  echo "SKIPPED: this test creates network namespaces, which needs root on this machine"
  exit 0
fi

cat >"$folder/server.py" <<'P'
import socket, socketserver, threading
def seen(address): return address[0].replace("::ffff:", "").encode()
class Stream(socketserver.BaseRequestHandler):
    def handle(self):
        while self.request.recv(100): self.request.sendall(seen(self.client_address))
class Datagram(socketserver.BaseRequestHandler):
    def handle(self): self.request[1].sendto(seen(self.client_address), self.client_address)
class Streams(socketserver.ThreadingTCPServer):
    address_family, daemon_threads = socket.AF_INET6, True
class Datagrams(socketserver.UDPServer):
    address_family = socket.AF_INET6
for port in 7001, 7003: threading.Thread(target=Streams(("::", port), Stream).serve_forever, daemon=True).start()
server = Datagrams(("::", 7002), Datagram)
print("ready", flush=True)
server.serve_forever()
P

cat >"$folder/tried.py" <<'P'
import ctypes, os, signal, socket, subprocess, sys, time
brownout, folder, mode, nat, client, gateway = sys.argv[1:7]
libc = ctypes.CDLL(None, use_errno=True)
home = os.open("/proc/self/ns/net", os.O_RDONLY)
clients = os.open(f"/proc/{client}/ns/net", os.O_RDONLY)
HOSTS = {"4": "10.71.2.2", "6": "fd71:2::2"}
BROWNOUTS = {"4": "10.71.2.1", "6": "fd71:2::1"}
DIRECT = {"4": "10.71.2.9", "6": "fd71:2::9"} if nat == "nat" else {"4": "10.71.1.2", "6": "fd71:1::2"}
PORTS = {"tcp": 7001, "udp": 7002, "tcp at another port": 7003}
OTHERS = ("tcp at another port", "4"), ("tcp at another port", "6")
WAYS = ("tcp", "4"), ("tcp", "6"), ("udp", "4"), ("udp", "6")

class Flow:
    def __init__(self, protocol, family):
        self.protocol, self.family = protocol, family
        libc.setns(clients, 0)
        self.s = socket.socket(socket.AF_INET6 if family == "6" else socket.AF_INET, socket.SOCK_STREAM if protocol != "udp" else socket.SOCK_DGRAM)
        libc.setns(home, 0)
        self.s.settimeout(5)
        self.s.connect((HOSTS[family], PORTS[protocol]))
    def ask(self):  # returns the client address that the server sees
        if self.protocol != "udp":
            self.s.sendall(b"m")
            return self.s.recv(100).decode() or "end"
        self.s.settimeout(0.2)
        for _ in range(10):
            try:
                self.s.send(b"m")
                return self.s.recv(100).decode()
            except socket.timeout: pass
        raise socket.timeout
def ask(flow):
    try: return flow.ask()
    except OSError as error: return type(error).__name__
def new(protocol, family):
    try: flow = Flow(protocol, family)
    except OSError as error: return type(error).__name__
    answer = ask(flow)
    flow.s.close()
    return answer
def check(what, got, wanted):
    if got == wanted: return
    said = open(f"{folder}/{mode}-{nat}.log").read()
    rules = inside("nft", "list", "ruleset").stdout
    sys.exit(f"{mode}, {nat}: {what}: {got}, not {wanted}\n{rules}\n{said}")
def check_all(what, flows, wanted):
    for flow in flows: check(f"{what}: {flow.protocol} by IPv{flow.family}", ask(flow), wanted[flow.family])
def check_new(what, wanted, ways=WAYS):
    for protocol, family in ways: check(f"{what}: a new {protocol} by IPv{family}", new(protocol, family), wanted[family])
def open_all(ways=WAYS): return [Flow(*way) for way in ways]
def close(flows):
    for flow in flows: flow.s.close()
def until(what, test, seconds=10):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end: check(what, "not within %d s" % seconds, "in time")
        time.sleep(0.05)

def inside(*words): return subprocess.run(["nsenter", "-t", gateway, "-n", *words], capture_output=True, text=True)
def intercept(*words):
    done = inside(brownout, "intercept", *words)
    check(f"intercept {words[0]}: {done.stderr}", done.returncode, 0)
    return done.stderr
def apply(length, file="rules"): return intercept("apply", f"{folder}/{mode}-{file}.toml", "--interface", "to-" + sys.argv[7], "--for", length)
def table(): return "brownout_intercept" in inside("nft", "list", "tables").stdout
running = None
def start():
    global running
    log = open(f"{folder}/{mode}-{nat}.log", "w")
    running = subprocess.Popen(["nsenter", "-t", gateway, "-n", brownout, "run", f"{folder}/{mode}-rules.toml", "--drain", "0s", "--api", "off"], stdout=log, stderr=log)
    until("brownout listens", lambda: "listener u6" in open(log.name).read())
def kill(number):
    running.send_signal(number)
    running.wait()

def run():
    # Without NAT, connection tracking starts with the interception and does not recognize older UDP
    # flows.
    old = open_all() if nat == "nat" else open_all(WAYS[:2])
    check_all("before", old, DIRECT)
    start()
    said = apply("1m")
    check("what apply says", "loopback" in said and "u6" in said, True)
    check_all("open before apply", old, DIRECT)
    live = open_all()
    check_all("applied", live, BROWNOUTS)
    check_new("applied", BROWNOUTS if mode == "both" else DIRECT, OTHERS)
    apply("1m")
    check_all("applied again", live, BROWNOUTS)
    check_new("applied again", BROWNOUTS)
    check_all("applied again: open before", old, DIRECT)

    said = intercept("remove")
    check("what remove says", "still go" in said and "through brownout" in said, True)
    check_all("removed", live[:2], BROWNOUTS)
    check_all("removed: flows of datagrams", live[2:], DIRECT)
    check_all("removed: open before", old, DIRECT)
    check_new("removed", DIRECT)
    close(live)
    def gone(): return intercept("remove") == "" and not table()
    until("the table is gone when nobody needs it", gone)

    apply("2s")
    live = open_all()
    check_all("for two seconds", live, BROWNOUTS)
    until("the end", lambda: new("tcp", "4") == DIRECT["4"])
    check_new("over", DIRECT)
    check_all("over", live[:2], BROWNOUTS)
    check_all("over: flows of datagrams", live[2:], DIRECT)
    check_all("over: once more", live[2:], DIRECT)
    intercept("remove")
    check_all("over, and removed", live[:2], BROWNOUTS)
    check_all("over, and removed: flows of datagrams", live[2:], DIRECT)
    check_all("over, and removed: open before", old, DIRECT)
    close(live)

    apply("4s")
    live = open_all()
    check_all("for four seconds", live, BROWNOUTS)
    kill(signal.SIGKILL)
    for flow in live[:2]: check(f"killed: {flow.protocol} ends", ask(flow) in ("end", "ConnectionResetError", "BrokenPipeError"), True)
    check_all("killed: open before", old, DIRECT)
    if mode != "redirect": check_new("killed", DIRECT, WAYS[:2])
    until("the end", lambda: ask(live[2]) == DIRECT["4"])
    check_new("killed, and over", DIRECT)
    check_all("killed, and over: flows of datagrams", live[2:], DIRECT)

    start()
    apply("1m")
    check_new("started again", BROWNOUTS)
    live = open_all()
    check_all("started again", live, BROWNOUTS)
    kill(signal.SIGKILL)
    start()
    check_new("started again, with the rules of before", BROWNOUTS)
    check_all("started again: flows of datagrams", live[2:], BROWNOUTS)
    check_all("to the end: open before", old, DIRECT)

    said = apply("1m", "v4")
    check("what apply says of IPv6", "not redirected: IPv6" in said, True)
    check_new("listeners of IPv4 only", {"4": BROWNOUTS["4"], "6": DIRECT["6"]})
    kill(signal.SIGTERM)
    until("removed at the end", gone)
    check("a routing rule is left", "0x62726f78" in inside("ip", "rule").stdout + inside("ip", "-6", "rule").stdout, False)

try: run()
finally:
    if running: running.kill()
print(f"{mode}, {nat}: each flow went on")
P

listener() { printf '[[listener]]\nname = "%s"\nprotocol = "%s"\nlisten = "%s"\nintercept = "%s"\nports = [%s]\n' "$@"; }
for mode in redirect tproxy; do
  { echo "version = 1"; listener t4 tcp 0.0.0.0:15001 "$mode" 7001; listener u4 udp 0.0.0.0:15003 redirect 7002; } >"$folder/$mode-v4.toml"
  { cat "$folder/$mode-v4.toml"; listener t6 tcp '[::]:15002' "$mode" 7001; listener u6 udp '[::]:15004' redirect 7002; } >"$folder/$mode-rules.toml"
done
everything() { printf '[[listener]]\nname = "%s"\nprotocol = "%s"\nlisten = "%s"\nintercept = "redirect"\n' "$@"; }
# All traffic except that of the tproxy listener is redirected.
for any in 0.0.0.0:v4 '[::]:rules'; do
  { echo "version = 1"; everything t tcp "${any%:*}:15005"; everything u6 udp "${any%:*}:15004"; listener t6 tcp "${any%:*}:15002" tproxy 7001; } >"$folder/both-${any##*:}.toml"
done

has_tproxy() {
  inside "$1" nft 'add table inet probe; add chain inet probe c { type filter hook prerouting priority -150; }; add rule inet probe c meta l4proto tcp tproxy to :1' 2>/dev/null &&
    inside "$1" nft delete table inet probe
}
number=0
tried=()
for mode in redirect tproxy both; do
  for nat in plain nat; do
    number=$((number + 1))
    c=client$number g=gateway$number s=server$number
    for name in "$c" "$g" "$s"; do network "$name"; done
    if [ "$mode" != redirect ] && ! has_tproxy "$g"; then
      echo "SKIPPED: tproxy, because this kernel lacks the module nft_tproxy"
      continue
    fi
    link "$g" "$c" 10.71.1 fd71:1
    link "$g" "$s" 10.71.2 fd71:2
    forward "$g"
    if [ "$nat" = nat ]; then
      inside "$g" ip addr add 10.71.2.9/24 dev "to-$s"
      # The address is deprecated, so that brownout does not choose it as source address (RFC 6724,
      # 5).
      inside "$g" ip -6 addr add fd71:2::9/64 dev "to-$s" nodad preferred_lft 0
      inside "$g" nft -f - <<N
table inet usual { chain out { type nat hook postrouting priority 100;
  ip saddr 10.71.1.0/24 oifname "to-$s" snat ip to 10.71.2.9
  ip6 saddr fd71:1::/64 oifname "to-$s" snat ip6 to fd71:2::9
  }
}
N
    fi
    start_inside "$s" "$s" /usr/bin/python3 "$folder/server.py"
    wait_for 10 grep -q ready "$folder/$s.log" || fail "$s: expected the server to be ready within 10 s, got: $(cat "$folder/$s.log")"
    start "tried-$mode-$nat" /usr/bin/python3 "$folder/tried.py" "$brownout" "$folder" "$mode" "$nat" "${holders[$c]}" "${holders[$g]}" "$c"
    tried+=("$last_pid:$mode-$nat")
  done
done
for one in "${tried[@]}"; do
  wait "${one%%:*}" || fail "gateway ${one#*:}: expected all flows to take the expected path, got: $(cat "$folder/tried-${one#*:}.log")"
  pass "$(cat "$folder/tried-${one#*:}.log")"
done
