#!/usr/bin/env bash
# Compares `firewall import` with the kernel. Random rulesets with every construct that the import
# reads are loaded into the kernel and into Brownout. Both must accept the same connections and
# datagrams. BROWNOUT_SEED sets the seed, BROWNOUT_SECONDS the duration.
brownout=$1
source "$(dirname "$0")/lib.sh"
need nft iptables-save iptables-restore python3

if [ "$BROWNOUT_E2E_NETWORK" != own ] || ! nft list ruleset >/dev/null 2>&1; then
  echo "SKIPPED: this test loads nftables rules into a network namespace, which this machine does not allow"
  exit 0
fi
for address in 10.1.0.1/32 10.1.9.1/32 10.2.0.1/32 192.0.2.1/32; do ip addr add "$address" dev lo; done
ip -6 addr add fd00:1::1/128 dev lo nodad
ip -6 addr add fd00:2::1/128 dev lo nodad

cat >"$folder/compare.py" <<'P'
import json, os, random, select, socket, struct, subprocess, sys, time

brownout, folder = sys.argv[1], sys.argv[2]
seed = int(os.environ.get("BROWNOUT_SEED", "7"))
dice = random.Random(seed)
V4, V6 = ["10.1.0.1", "10.1.9.1", "10.2.0.1", "192.0.2.1"], ["fd00:1::1", "fd00:2::1"]
PORTS = [22, 53, 80, 443, 1883]
CHAINS = ["one", "two", "three"]

# ---- rulesets -------------------------------------------------------------------------------------------------
def some(values): return dice.sample(values, dice.randint(2, min(3, len(values))))
def braces(values): return "{ " + ", ".join(values) + " }"
def port(): return str(dice.choice(PORTS))
def ports():
    return dice.choice([port, lambda: "20-100", lambda: "400-2000", lambda: braces(some([str(p) for p in PORTS])), lambda: "{ 22, 50-90 }"])()
def from_ports(): return dice.choice(["1024-39999", "40000-65535", "{ 1-2000, 40000-50000 }"])
def address4(interval=True):
    return dice.choice([lambda: dice.choice(V4), lambda: "10.1.0.0/16", lambda: "10.0.0.0/8", lambda: "10.1.0.1-10.1.9.0",
                        lambda: braces(some(V4)), lambda: "{ 10.1.0.0/16, 192.0.2.0-192.0.2.7 }", lambda: "@nets"])()
def address6(): return dice.choice([lambda: dice.choice(V6), lambda: "fd00:1::/32", lambda: "{ fd00:1::1, fd00:2::/64 }"])()
def unless(): return dice.choice(["", "", "!= "])
def pairs4(): return braces(f"{a} . {p}" for a, p in dict(zip(dice.sample(V4, 3), dice.choices(["22", "53-80", "400-2000", "443"], k=3))).items())
def nft_match(family):
    kinds = [lambda: f"ip saddr {unless()}{address4()}", lambda: f"ip daddr {unless()}{address4()}", lambda: f"tcp dport {unless()}{ports()}",
             lambda: f"udp dport {unless()}{ports()}", lambda: f"tcp sport {unless()}{from_ports()}", lambda: f"udp sport {unless()}{from_ports()}",
             lambda: f"meta l4proto {unless()}{dice.choice(['tcp', 'udp', '{ tcp, udp }'])}", lambda: f"ip protocol {unless()}{dice.choice(['tcp', 'udp'])}",
             lambda: f"ct state != {dice.choice(['new', 'established', 'invalid', '{ established, related }'])}",
             lambda: f"tcp flags & (fin|syn|rst|ack) {dice.choice(['==', '!='])} syn",
             lambda: f"ip {dice.choice(['saddr', 'daddr'])} . {dice.choice(['tcp', 'udp'])} dport {pairs4()}", lambda: "ip daddr . tcp dport @pairs",
             lambda: f"ct state {dice.choice(['new', 'established,related', 'established', '{ new, established }', 'new,untracked'])}",
             lambda: f"meta l4proto {{ tcp, udp }} th dport {ports()}"]
    if family == "inet":
        kinds += [lambda: f"ip6 saddr {address6()}", lambda: f"ip6 daddr {address6()}", lambda: f"meta nfproto {unless()}{dice.choice(['ipv4', 'ipv6'])}",
                  lambda: f"meta protocol {dice.choice(['ip', 'ip6'])}", lambda: f"ip6 {dice.choice(['saddr', 'daddr'])} != {address6()}",
                  lambda: "ip6 saddr ::/0", lambda: f"ip6 nexthdr {dice.choice(['tcp', 'udp'])}"]
    return dice.choice(kinds)()
def conflict(matches):  # nft rejects rules whose matches exclude each other
    text = " ".join(matches)
    four = any(m in text for m in ("ip saddr", "ip daddr", "ip protocol", "ipv4", "protocol ip"))
    six = any(m in text for m in ("ip6 ", "ipv6", "protocol ip6"))
    return (four and six) or ("tcp" in text and "udp" in text) or "th dport" in text
def nft_map(targets):
    words = lambda: dice.choice(["accept", "drop", "continue", "return"] + [f"jump {t}" for t in targets] + [f"goto {t}" for t in targets])
    return dice.choice([lambda: f"ct state vmap {{ new : {words()}, established : {words()}, related : accept, invalid : drop }}",
                        lambda: f"tcp dport vmap {{ 22 : {words()}, 50-90 : {words()}, 443 : {words()} }}", lambda: "udp dport vmap @verdicts",
                        lambda: f"ip saddr vmap {{ 10.1.0.0/16 : {words()}, 192.0.2.1 : {words()} }}",
                        lambda: f"meta l4proto vmap {{ tcp : {words()}, udp : {words()} }}",
                        lambda: f"ip saddr . tcp dport vmap {{ 10.1.0.1 . 22 : {words()}, 10.2.0.1 . 443 : {words()} }}"])()
def verdict(targets, words=("accept", "drop", "reject", "return", "continue", "")):
    kind = dice.random()
    if targets and kind < 0.45: return dice.choice(["jump ", "goto "]) + dice.choice(targets)
    return dice.choice(words)
def nft_rules(family, targets, most):
    for _ in range(dice.randint(1, most)):
        matches = [nft_match(family) for _ in range(dice.choice([0, 1, 1, 1, 2, 2]))]
        if conflict(matches): matches = matches[:1]
        if dice.random() < 0.12:
            yield nft_map(targets)
            continue
        yield " ".join(matches + [dice.choice(["", "counter"]), verdict(targets)]).strip() or "counter"
def nft_ruleset():
    family = dice.choice(["inet", "inet", "ip"])
    text = f"table {family} fw {{\n  set nets {{ type ipv4_addr; flags interval; elements = {{ 10.2.0.0/16, 192.0.2.1 }} }}\n"
    text += "  set pairs { type ipv4_addr . inet_service; elements = { 10.1.0.1 . 22, 10.2.0.1 . 443, 192.0.2.1 . 80 } }\n"
    text += "  map verdicts { type inet_service : verdict; elements = { 22 : accept, 53 : drop } }\n"
    for name in CHAINS: text += f"  chain {name} {{ }}\n"
    text += f"  chain input {{ type filter hook input priority 0; policy {dice.choice(['accept', 'drop'])}; }}\n}}\n"
    def chain(name, targets, most):
        return "".join(f"add rule {family} fw {name} {rule}\n" for rule in nft_rules(family, targets, most))
    if dice.random() < 0.7: text += f"add rule {family} fw input ct state established,related accept\n"
    text += chain("input", CHAINS, 6)
    for i, name in enumerate(CHAINS): text += chain(name, CHAINS[i + 1:], 4)
    return text
def iptables_match():
    protocol, no = dice.choice(["tcp", "udp"]), dice.choice(["", "", "! "])
    return dice.choice([lambda: f"{no}-s {dice.choice(V4 + ['10.1.0.0/16', '10.0.0.0/8'])}", lambda: f"{no}-d {dice.choice(V4 + ['10.1.0.0/16'])}",
                        lambda: f"{no}-p {protocol}", lambda: f"-p {protocol} -m {protocol} {no}--dport {dice.choice([port(), '20:100', '400:'])}",
                        lambda: f"-p {protocol} -m multiport {no}--dports {port()},400:2000 -m multiport --dports 22,443:2000",
                        lambda: f"-p {protocol} -m {protocol} {no}--sport {dice.choice(['1024:39999', '40000:'])}",
                        lambda: f"-m iprange {no}--src-range 10.1.0.1-10.1.9.0", lambda: f"-p tcp -m tcp {no}--syn", lambda: f"-m iprange {no}--dst-range 10.1.9.0-10.2.0.1",
                        lambda: f"-m conntrack {no}--ctstate {dice.choice(['NEW', 'ESTABLISHED,RELATED', 'NEW,ESTABLISHED'])}"])()
def iptables_ruleset():
    text = f"*filter\n:INPUT {dice.choice(['ACCEPT', 'DROP'])} [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    text += "".join(f":{name} - [0:0]\n" for name in CHAINS)
    if dice.random() < 0.7: text += "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    for name, targets, most in [("INPUT", CHAINS, 6)] + [(n, CHAINS[i + 1:], 4) for i, n in enumerate(CHAINS)]:
        for _ in range(dice.randint(1, most)):
            word = verdict(targets, ("ACCEPT", "DROP", "REJECT", "RETURN", ""))
            word = {"": "", "j": f"-j {word[5:]}", "g": f"-g {word[5:]}"}.get(word[:1], f"-j {word}")
            text += f"-A {name} {iptables_match() if dice.random() < 0.8 else ''} -m comment --comment \"a b\" {word}\n"
    return text + "COMMIT\n"

# ---- verdicts of the kernel -------------------------------------------------------------------------------------
poll = select.epoll()
servers = {}
for host in V4 + V6:
    for number in PORTS:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((host, number)); s.setblocking(False)
            if kind == socket.SOCK_STREAM: s.listen(256)
            servers[s.fileno()] = s
            poll.register(s, select.EPOLLIN)
next_port = [2000, 40000]  # ports of clients, above the ports of all servers
def make_flow():
    hosts = V4 if dice.random() < 0.75 else V6
    which = dice.randint(0, 1)
    next_port[which] += 1
    return dice.choice(["tcp", "udp"]), dice.choice(hosts), next_port[which], dice.choice(hosts), dice.choice(PORTS)
def text_of(host, number): return f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
class Client:  # sends a message and expects an echo, twice
    def __init__(self, flow):
        protocol, source, sport, target, dport = flow
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        self.s = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if protocol == "tcp": self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.s.bind((source, sport)); self.s.setblocking(False)
        self.flow, self.done, self.failed = flow, 0, False
        self.s.connect_ex((target, dport))
        if protocol == "udp": self.send()
    def send(self):
        try: self.s.send(b"m")
        except OSError: self.failed = True
    def ready(self, events):
        try:
            if events & select.EPOLLIN:
                if not self.s.recv(10): raise OSError
                self.done += 1
                if self.done < 2: self.send()
            elif events & (select.EPOLLERR | select.EPOLLHUP): raise OSError
            elif self.done == 0:
                self.send()
                poll.modify(self.s, select.EPOLLIN)
        except OSError: self.failed = True
        return self.failed or self.done == 2
def passing(flows, patience):
    clients, accepted, passed, lost = {}, {}, set(), []
    for flow in flows:
        c = Client(flow)
        clients[c.s.fileno()] = c
        poll.register(c.s, select.EPOLLIN | (select.EPOLLOUT if flow[0] == "tcp" else 0))
    while clients:
        ready = poll.poll(patience)
        if not ready: break
        for fd, events in ready:
            if fd in clients:
                c = clients[fd]
                if not c.ready(events): continue
                if not c.failed: passed.add(c.flow)
                poll.unregister(fd); c.s.close(); del clients[fd]
            elif fd in accepted:
                try: data = accepted[fd].recv(10)
                except OSError: data = b""
                if data: accepted[fd].send(data)
                else: poll.unregister(fd); accepted.pop(fd).close()
            elif servers[fd].type == socket.SOCK_STREAM:
                s, _ = servers[fd].accept(); s.setblocking(False)
                accepted[s.fileno()] = s; poll.register(s, select.EPOLLIN)
            else:
                try: data, peer = servers[fd].recvfrom(10); servers[fd].sendto(data, peer)
                except OSError: pass
    for fd, c in clients.items(): poll.unregister(fd); c.s.close()
    for fd, s in accepted.items(): poll.unregister(fd); s.close()
    return passed

# ---- comparison -------------------------------------------------------------------------------------------------
def run(*words, **more): return subprocess.run(words, capture_output=True, text=True, **more)
def must(result):
    assert result.returncode == 0, (result.args, result.stderr)
    return result.stdout
def decided(ruleset, flows):
    with open(f"{folder}/flows", "w") as f:
        for protocol, source, sport, target, dport in flows:
            f.write(json.dumps({"protocol": protocol, "client": text_of(source, sport), "destination": text_of(target, dport)}) + "\n")
    result = run(brownout, "firewall", "diff", f"{folder}/open", ruleset, "--flows", f"{folder}/flows")
    if "too many lines" in result.stderr: return None
    assert result.returncode in (0, 1) and not result.stderr, result.stderr
    stopped = {line.split()[1] + " " + line.split()[3] + " " + line.split()[4] for line in result.stdout.splitlines() if line.startswith("breaks")}
    return {flow for flow in flows if f"{text_of(*flow[1:3])} {text_of(*flow[3:5])} {flow[0]}" not in stopped}
with open(f"{folder}/open", "w") as f: f.write("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n")
end = time.monotonic() + float(sys.argv[3])
compared = {"nftables": 0, "iptables": 0}
both_ways = set()
while time.monotonic() < end and sum(compared.values()) < 150:
    what = "nftables" if dice.random() < 0.65 else "iptables"
    text, file = (nft_ruleset(), f"{folder}/nft.json") if what == "nftables" else (iptables_ruleset(), f"{folder}/saved")
    must(run("nft", "flush", "ruleset"))
    must(run("nft", "-f", "-", input=text) if what == "nftables" else run("iptables-restore", input=text))
    saved = must(run("nft", "-j", "list", "ruleset") if what == "nftables" else run("iptables-save"))
    with open(file, "w") as f: f.write(saved)
    flows = [make_flow() for _ in range(60)]
    ours = decided(file, flows)
    if ours is None: continue
    kernels = passing(flows, 0.15)
    # A slow machine can delay a flow. A flow that must be accepted is therefore tried once more
    # from another port.
    for flow in ours - kernels:
        again = (flow[0], flow[1], flow[2] + (9000 if flow[2] < 40000 else 12000), *flow[3:])
        if again in (decided(file, [again]) or set()) and passing([again], 1) == {again}: kernels.add(flow)
    if ours != kernels:
        print(f"seed {seed}, after {compared}: of {what}\n{text}\nonly the kernel lets pass: {sorted(kernels - ours)}\nonly brownout lets pass: {sorted(ours - kernels)}")
        print(run(brownout, "firewall", "import", file).stdout)
        sys.exit(1)
    compared[what] += 1
    both_ways |= {flow in ours for flow in flows}
must(run("nft", "flush", "ruleset"))
assert both_ways == {True, False} and min(compared.values()) > 3, (compared, both_ways)
print(f"{compared['nftables']} rulesets of nftables and {compared['iptables']} of iptables, with 60 flows each")
P
said=$(/usr/bin/python3 "$folder/compare.py" "$brownout" "$folder" "${BROWNOUT_SECONDS:-15}") ||
  fail "firewall import: expected the same verdicts as the kernel's, got a difference: $said"
pass "the kernel and the import agree: $said"
