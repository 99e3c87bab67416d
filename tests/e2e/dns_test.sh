#!/usr/bin/env bash
# Tests DNS through the proxy to a real resolver (unbound), with and without faults. Clients are
# dig, dnsperf, and getaddrinfo in a namespace of its own.
brownout=$1
source "$(dirname "$0")/lib.sh"
need dig dnsperf unbound unshare ip python3 openssl

port=$(free_port)
tls_port=$(free_port)
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/resolver.key" -out "$folder/resolver.pem" -days 2 \
  -subj /CN=resolver.test -addext subjectAltName=DNS:resolver.test 2>/dev/null
cat >"$folder/unbound.conf" <<EOF
server:
  interface: 127.0.0.1
  interface: 127.0.0.1@$tls_port
  port: $port
  tls-port: $tls_port
  tls-service-key: "$folder/resolver.key"
  tls-service-pem: "$folder/resolver.pem"
  num-threads: 1
  username: ""
  chroot: ""
  directory: "$folder"
  pidfile: "$folder/unbound.pid"
  use-syslog: no
  do-daemonize: no
  access-control: 127.0.0.0/8 allow
  local-zone: "example.org." static
  local-data: "chat.example.org. 60 IN A 192.0.2.1"
  local-data: "chat.example.org. 60 IN A 192.0.2.2"
  local-data: "chat.example.org. 60 IN AAAA 2001:db8::1"
  local-data: "chat.example.org. 60 IN TXT as-it-is"
$(for i in $(seq 60); do echo "  local-data: \"big.example.org. 60 IN A 198.51.100.$i\""; done)
EOF
start unbound unbound -c "$folder/unbound.conf"
wait_for 10 dig @127.0.0.1 -p "$port" +time=1 +tries=1 chat.example.org || fail "unbound: expected an answer within 10 s, got none"

# dns_proxy NAME RULES, udp_proxy NAME RULES: start a proxy with a DNS or UDP listener, and set
# $proxy_port.
dns_proxy() { proxy "$1" "$port" "$2" 'protocol = "dns"'; }
udp_proxy() { proxy "$1" "$port" "$2" 'protocol = "udp"'; }
ask() { dig @127.0.0.1 -p "$proxy_port" +time=2 +tries=1 "$@"; }
status_of() { sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
# essence: prints the parts of dig's output that the proxy must not change. Id, times, server
# address and the order of addresses may differ.
essence() { grep -vE '^;; (Query|SERVER|WHEN)|^; <<>>|id:|^;; Got answer|^$' | sort; }

dns_proxy plain ""
for words in "chat.example.org A" "chat.example.org AAAA +tcp" "none.example.org A" "big.example.org A +ignore +bufsize=512" \
  "big.example.org A" "chat.example.org ANY +dnssec" "ChAt.ExAmPlE.oRg A +noedns" "-x 192.0.2.1"; do
  # shellcheck disable=SC2086
  [ "$(ask $words | essence)" = "$(dig @127.0.0.1 -p "$port" +time=2 +tries=1 $words | essence)" ] ||
    fail "dig $words: expected the same answer as from the resolver itself, got a different one through the proxy"
done
pass "dig sees no difference without rules: EDNS, TC and TCP, mixed case, NXDOMAIN"

for i in $(seq 200); do echo "chat.example.org A"; echo "big.example.org A"; done >"$folder/queries"
dnsperf -s 127.0.0.1 -p "$proxy_port" -d "$folder/queries" -l 3 -c 4 -q 50 >"$folder/perf.txt"
sent=$(sed -n 's/.*Queries sent: *\([0-9]*\).*/\1/p' "$folder/perf.txt")
lost=$(sed -n 's/.*Queries lost: *\([0-9]*\).*/\1/p' "$folder/perf.txt")
[ "$sent" -gt 1000 ] && [ "$lost" -le $((sent / 1000)) ] ||
  fail "dnsperf over UDP: expected more than 1000 queries and at most 0.1% lost, got $lost lost of $sent"
pass "dnsperf sent $sent queries, lost $lost"
dnsperf -m tcp -s 127.0.0.1 -p "$proxy_port" -d "$folder/queries" -l 2 -c 4 -q 50 >"$folder/perf.txt"
grep -q 'Queries lost: *0 ' "$folder/perf.txt" || fail "dnsperf over TCP: expected no lost queries, got: $(cat "$folder/perf.txt")"
pass "dnsperf over TCP with pipelining loses no query"

dns_proxy faulty '[[rule]]
match = { qname = "none.example.org" }
fault = { type = "servfail" }
[[rule]]
match = { qname = "chat.example.org", qtype = "AAAA" }
fault = { type = "nodata" }
[[rule]]
match = { qname = "chat.example.org" }
fault = { type = "drop_records", prefix = "192.0.2.1" }
[[rule]]
match = { qname = "chat.example.org" }
fault = { type = "ttl", ttl = "5s" }
[[rule]]
match = { qname = "slow.example.org" }
fault = { type = "latency", delay = "600ms" }
[[rule]]
match = { qname = "dark.example.org" }
fault = { type = "timeout" }
[[rule]]
match = { qname = "big.example.org" }
fault = { type = "truncate" }'
[ "$(ask none.example.org | status_of)" = SERVFAIL ] || fail "servfail: expected the status SERVFAIL, got another one"
[ -z "$(ask +short chat.example.org AAAA)" ] || fail "nodata: expected no AAAA record, got one"
[ "$(ask +short chat.example.org A)" = 192.0.2.2 ] || fail "drop_records: expected only 192.0.2.2, got other addresses"
ask chat.example.org A | grep -qE '^chat.example.org.\s+5\s+IN\s+A' || fail "ttl: expected a TTL of 5, got another one"
begun=$(now)
ask slow.example.org >/dev/null
at_least "$(since "$begun")" 0.6 || fail "latency: expected the answer after 0.6 s or more, but it came earlier"
if dig @127.0.0.1 -p "$proxy_port" +time=1 +tries=1 dark.example.org >/dev/null; then fail "timeout: expected no answer, got one"; fi
ask +ignore big.example.org | grep -q 'flags: qr tc' || fail "a large answer over UDP: expected the flag TC, but it is not set"
ask big.example.org | grep -q 'ANSWER: 60' || fail "a large answer: expected all 60 records over TCP, got fewer"
pass "dig sees the effects of servfail, nodata, drop_records, ttl, latency, timeout and truncate"
grep -q '"rule":"servfail"' "$folder/faulty.jsonl" || fail "servfail: expected an event in the event log, found none"

dns_proxy messages '[[rule]]
match = { qname = "lost.example.org" }
fault = { type = "drop" }
[[rule]]
match = { qname = "full.example.org" }
fault = { type = "reject" }
[[rule]]
match = { qname = "chat.example.org" }
fault = { type = "duplicate", share = "100%" }
[[rule]]
match = { qname = "big.example.org" }
fault = { type = "truncate_message", after = "20 B" }
[[rule]]
fault = { type = "replace", text = "otherwise" }
[[rule]]
match = { qtype = "AAAA" }
fault = { type = "hold_until", passes = { qname = "frees.example.org" } }'
if dig @127.0.0.1 -p "$proxy_port" +time=1 +tries=1 lost.example.org >/dev/null; then fail "drop: expected no answer to the query, got one"; fi
[ "$(ask full.example.org | status_of)" = REFUSED ] || fail "reject: expected the status REFUSED, got another one"
[ "$(ask +short chat.example.org A | wc -l)" = 2 ] || fail "duplicate over UDP: expected dig to get 2 addresses, got another number"
[ "$(ask +tcp +short chat.example.org A | wc -l)" = 2 ] || fail "duplicate over TCP: expected dig to get 2 addresses, got another number"
ask +tcp big.example.org 2>&1 | grep -qiE 'malformed|ran out|unexpected end|bad packet|communications error|end of input' ||
  fail "truncate_message: expected dig to report a malformed answer, got: $(ask +tcp big.example.org 2>&1)"
[ "$(ask +short chat.example.org TXT | sort -u)" = '"otherwise"' ] ||
  fail "replace: expected the text \"otherwise\", got: $(ask +short chat.example.org TXT)"
if dig @127.0.0.1 -p "$proxy_port" +time=1 +tries=1 chat.example.org AAAA >/dev/null; then
  fail "hold_until: expected the AAAA answer to be held for 1 s or more, but it arrived"
fi
dig @127.0.0.1 -p "$proxy_port" +short +time=20 +tries=1 chat.example.org AAAA >"$folder/held.txt" &
held=$!
held_again() { [ "$(grep -c '"action":"hold"' "$folder/messages.jsonl")" = 2 ]; }
wait_for 10 held_again || fail "hold_until: expected a second event of a held answer, found none"
[ ! -s "$folder/held.txt" ] || fail "hold_until: expected the AAAA answer to be held, but it arrived: $(cat "$folder/held.txt")"
ask frees.example.org >/dev/null
wait "$held"
grep -q 2001:db8::1 "$folder/held.txt" || fail "hold_until: expected the AAAA answer after the A answer had passed, got: $(cat "$folder/held.txt")"
pass "dig sees the effects of message faults: drop, reject, duplicate, truncate_message, replace, hold_until"

# The same resolver, behind a UDP listener that does not parse DNS.
udp_proxy datagrams ""
[ "$(ask +short chat.example.org A | wc -l)" = 2 ] || fail "DNS through a UDP listener: expected 2 addresses, got another number"
udp_proxy late '[[rule]]
match = { direction = "downstream" }
fault = { type = "latency", delay = "400ms", jitter = "100ms" }'
begun=$(now)
ask chat.example.org A >/dev/null || fail "delayed datagrams: expected dig to accept the late answer, but it failed"
at_least "$(since "$begun")" 0.3 || fail "delayed datagrams: expected the answer after 0.3 s or more, but it came earlier"
udp_proxy dark '[[rule]]
fault = { type = "drop" }'
if dig @127.0.0.1 -p "$proxy_port" +time=1 +tries=1 chat.example.org >/dev/null; then fail "dropped datagrams: expected no answer, got one"; fi
pass "dig through a udp listener sees the effects of latency and drop"

# DNS over TLS to clients, with a certificate of Brownout's CA. DNS over TLS to the resolver,
# verified with the resolver's CA. The other side uses plain DNS.
"$brownout" ca init --folder "$folder/ca" >"$folder/ca.txt"
dot_proxy() { # NAME RULES: starts a proxy with DNS over TLS.
  proxy "$1" "$port" "[[upstream]]
name = 'by tls'
servers = ['127.0.0.1:$tls_port']
tls = { ca = '$folder/resolver.pem', name = 'resolver.test' }
[[listener]]
name = 'to tls'
protocol = 'dns'
listen = '127.0.0.1:$(free_port)'
upstream = 'by tls'
$2" "protocol = 'dns'
tls = { ca = '$folder/ca' }"
}
# dig sends no SNI, so the certificate is issued for the IP address.
ask_tls() { ask +tls +tls-ca="$folder/ca/ca.pem" "$@"; }
dot_proxy secure ""
plain_port=$(sed -n 's/.*listener to tls: 127.0.0.1:\([0-9]*\).*/\1/p' "$folder/secure.log" | head -1)
for words in "chat.example.org A" "big.example.org A" "none.example.org A"; do
  # shellcheck disable=SC2086
  direct=$(dig @127.0.0.1 -p "$tls_port" +tls +time=2 +tries=1 $words | essence)
  # shellcheck disable=SC2086
  [ "$(ask_tls $words | essence)" = "$direct" ] ||
    fail "dig +tls $words: expected the same answer as from the resolver itself, got a different one through the proxy"
  # shellcheck disable=SC2086
  [ "$(dig @127.0.0.1 -p "$plain_port" +tcp +time=2 +tries=1 $words | grep -v '^; EDNS' | essence)" = "$(grep -v '^; EDNS' <<<"$direct")" ] ||
    fail "dig $words, forwarded over TLS: expected the same answer as from the resolver itself, got a different one"
done
if dig @127.0.0.1 -p "$proxy_port" +time=1 +tries=1 chat.example.org >/dev/null; then
  fail "a plaintext query to a TLS listener: expected no answer, got one"
fi
dnsperf -m dot -s 127.0.0.1 -p "$proxy_port" -d "$folder/queries" -l 2 -c 4 -q 50 >"$folder/perf.txt"
grep -q 'Queries lost: *0 ' "$folder/perf.txt" || fail "dnsperf over TLS: expected no lost queries, got: $(cat "$folder/perf.txt")"
pass "DNS over TLS, to clients and to resolvers: dig and dnsperf see no difference"
dot_proxy broken "[[rule]]
match = { listener = 'front', sni = 'expired.test' }
fault = { type = 'bad_certificate', what = 'expired' }
[[rule]]
match = { listener = 'front', qname = 'none.example.org' }
fault = { type = 'servfail' }"
[ "$(ask_tls none.example.org | status_of)" = SERVFAIL ] || fail "servfail over TLS: expected the status SERVFAIL, got another one"
openssl s_client -connect "127.0.0.1:$proxy_port" -servername expired.test -CAfile "$folder/ca/ca.pem" </dev/null >"$folder/expired.txt" 2>&1 || true
grep -q 'certificate has expired' "$folder/expired.txt" ||
  fail "bad_certificate over TLS: expected openssl to report an expired certificate, got: $(cat "$folder/expired.txt")"
pass "DNS over TLS: faults of queries and of handshakes"
# When a reload turns TLS off, the listener opens its UDP port.
dot_proxy turned ""
sed -i "/^tls = { ca = '.*ca' }\$/d" "$folder/turned.toml"
wait_for 10 dig @127.0.0.1 -p "$proxy_port" +time=1 +tries=1 chat.example.org ||
  fail "a reload turned TLS off: expected an answer over UDP within 10 s, got none"
pass "after a reload without TLS, dig over UDP gets an answer"

# getaddrinfo runs in a namespace of its own: resolv.conf cannot name a port, so the proxy must
# listen on port 53.
cat >"$folder/inside.toml" <<EOF
version = 1
seed = 7
[[zone]]
name = "lab"
records = ["chat.example.org. 60 IN A 192.0.2.1", "chat.example.org. 60 IN A 192.0.2.2", "gone.example.org. 60 IN A 192.0.2.3"]
[[listener]]
name = "dns"
protocol = "dns"
listen = "127.0.0.1:53"
zone = "lab"
[[rule]]
match = { qname = "gone.example.org" }
fault = { type = "nxdomain" }
[[rule]]
match = { qname = "chat.example.org" }
fault = { type = "wrong_answer", addresses = "203.0.113.9" }
EOF
echo "nameserver 127.0.0.1" >"$folder/resolv.conf"
cat >"$folder/inside.sh" <<'EOF'
set -eu
ip link set lo up
mount --bind "$2/resolv.conf" /etc/resolv.conf
"$1" run "$2/inside.toml" --drain 0s 2>"$2/inside.log" &
trap 'kill $!' EXIT
for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/53) 2>/dev/null && break; sleep 0.05; done
# The test does not use getent, which sends no query if the only addresses are on loopback
# (AI_ADDRCONFIG).
for name in chat gone; do
  python3 -c "
import socket
try:
    print('$name:', sorted({a[4][0] for a in socket.getaddrinfo('$name.example.org', 80)}))
except socket.gaierror as error:
    print('$name:', error)"
done
EOF
unshare --map-root-user --net --mount bash "$folder/inside.sh" "$brownout" "$folder" >"$folder/inside.txt" 2>&1 ||
  fail "getaddrinfo in a namespace: expected the script to succeed, but it failed: $(cat "$folder/inside.txt")"
grep -q "chat: \['203.0.113.9'\]" "$folder/inside.txt" ||
  fail "wrong_answer: expected getaddrinfo to return 203.0.113.9, got: $(cat "$folder/inside.txt")"
grep -q 'gone: .*Name or service not known' "$folder/inside.txt" ||
  fail "nxdomain: expected getaddrinfo to fail with \"Name or service not known\", got: $(cat "$folder/inside.txt")"
pass "getaddrinfo with resolv.conf sees the effects of wrong_answer and nxdomain"
