#!/usr/bin/env bash
# Tests firewalls with real nftables and iptables rulesets of a namespace: importing them,
# explaining verdicts, and comparing them with recorded flows.
brownout=$1
source "$(dirname "$0")/lib.sh"
need nft iptables-save iptables-restore unshare curl python3

cat >"$folder/inside.sh" <<'EOF'
set -eu
nft -f - <<'N'
table inet filter {
  set partners { type ipv4_addr; elements = { 192.0.2.10, 192.0.2.11 } }
  chain input {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    iifname "lo" accept
    ip saddr 127.0.0.0/8 accept
    ip saddr 10.1.0.0/16 tcp dport 1883 accept comment "phones"
    ip saddr @partners accept
  }
}
N
nft -j list ruleset >"$1/old.json"
nft delete element inet filter partners '{ 192.0.2.11 }'
nft -j list ruleset >"$1/new.json"
nft flush ruleset
iptables-restore <<'I'
*filter
:INPUT DROP [0:0]
-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
-A INPUT -s 127.0.0.0/8 -j ACCEPT
-A INPUT -s 10.1.0.0/16 -p tcp -m tcp --dport 1883 -j ACCEPT
-A INPUT -m limit --limit 3/min -j ACCEPT
COMMIT
I
iptables-save >"$1/iptables.txt"
EOF
unshare --map-root-user --net bash "$folder/inside.sh" "$folder" ||
  fail "expected to load nftables and iptables rules in a namespace, but the script failed"

"$brownout" firewall import "$folder/old.json" --name edge >"$folder/edge.toml" 2>"$folder/import.log"
grep -q 'imported 4 lines into the firewall edge; left out 1 rule' "$folder/import.log" ||
  fail "firewall import of nftables: expected 4 lines and 1 rule left out, got: $(cat "$folder/import.log")"
grep -q '^# not imported: a match on .*iifname' "$folder/edge.toml" ||
  fail "firewall import: expected a comment that the match on iifname was not imported, found none"
"$brownout" firewall import "$folder/old.json" --name edge --output json >"$folder/edge.import" 2>"$folder/import.log"
python3 - "$folder" <<'P' || fail "firewall import --output json: $(cat "$folder/edge.import" "$folder/import.log")"
import json, sys
report = json.load(open(sys.argv[1] + "/edge.import", encoding="utf-8"))
assert (report["firewall"], report["lines"], len(report["left_out"])) == ("edge", 4, 1), report
assert report["toml"] in open(sys.argv[1] + "/edge.toml", encoding="utf-8").read(), report
P
"$brownout" firewall import "$folder/iptables.txt" >"$folder/iptables.toml" 2>&1
grep -q 'not imported: -m limit has no counterpart' "$folder/iptables.toml" ||
  fail "firewall import: expected a comment that -m limit was not imported, found none"
pass "nftables and iptables rules are imported, and rules that cannot be imported are listed"

server_port=$(free_port)
start server python3 -m http.server --bind 127.0.0.1 "$server_port"
wait_port "$server_port"

# run_with NAME RULES: starts a proxy that records flows, and sets $proxy_port.
run_with() { proxy "$1" "$server_port" "$2" "" --flows "$folder/flows.jsonl"; }
run_with guarded "$(cat "$folder/edge.toml")"
curl -sf --max-time 5 "http://127.0.0.1:$proxy_port/" >/dev/null ||
  fail "a connection that the imported ruleset accepts: expected a response, got none"
"$brownout" explain "$folder/guarded.toml" --listener front --client 10.1.2.3 --destination 192.0.2.1:1883 >"$folder/explain.txt"
grep -q 'line 3: accept 10.1.0.0/16 -> port 1883 tcp (phones)' "$folder/explain.txt" ||
  fail "firewall explain: expected line 3 as the deciding line, got: $(cat "$folder/explain.txt")"
"$brownout" explain "$folder/guarded.toml" --listener front --client 10.9.2.3 --destination 192.0.2.1:1883 |
  grep -q 'the policy: drop' || fail "firewall explain of a flow without a matching line: expected \"the policy: drop\", but it is missing"
pass "traffic passes the imported list, and explain names the line"

mistake='[[rule]]
fault = { type = "stale_allowlist", address = "127.0.0.0/8" }'
run_with broken "$(cat "$folder/edge.toml")
$mistake"
code=0
curl -s --connect-timeout 1 "http://127.0.0.1:$proxy_port/" >/dev/null || code=$?
[ "$code" = 28 ] || fail "a fault drops the client: expected curl's connect time-out (28), got $code"
# A connect that hangs leaves no flow; a rejected one does.
run_with rejecting "$(sed 's/policy = "drop"/policy = "reject"/' "$folder/edge.toml")
$mistake"
if curl -s --max-time 1 "http://127.0.0.1:$proxy_port/" >/dev/null; then fail "a fault rejects the client: expected no response, got one"; fi
wait_for 5 grep -q '"client":"127.0.0.1:.*"stopped":true' "$folder/flows.jsonl" ||
  fail "recorded flows: expected the rejected flow with \"stopped\":true, got: $(cat "$folder/flows.jsonl")"
pass "a mistake in the firewall acts, and the stopped flow is recorded"

wait_for 5 grep -q '"client":"127.0.0.1:' "$folder/flows.jsonl" ||
  fail "recorded flows: expected the client's flow, got: $(cat "$folder/flows.jsonl")"
cat >>"$folder/flows.jsonl" <<'EOF'
{"protocol":"tcp","client":"192.0.2.11:5000","destination":"192.0.2.1:1883"}
{"protocol":"tcp","client":"10.1.2.3:5000","destination":"192.0.2.1:1883"}
EOF
code=0
"$brownout" firewall diff "$folder/old.json" "$folder/new.json" --flows "$folder/flows.jsonl" >"$folder/diff.txt" 2>/dev/null || code=$?
[ "$code" = 1 ] || fail "firewall diff of different rulesets: expected exit code 1, got $code and: $(cat "$folder/diff.txt")"
grep -q '^breaks 192.0.2.11:5000 -> 192.0.2.1:1883 tcp' "$folder/diff.txt" ||
  fail "firewall diff: expected the flow from 192.0.2.11 under \"breaks\", got: $(cat "$folder/diff.txt")"
grep -q ' 1 would break, 0 would be let in' "$folder/diff.txt" ||
  fail "firewall diff: expected 1 broken flow and none newly accepted, got: $(cat "$folder/diff.txt")"
"$brownout" firewall diff "$folder/guarded.toml" "$folder/old.json" --flows "$folder/flows.jsonl" >/dev/null 2>&1 ||
  fail "firewall diff of a ruleset and its import: expected no difference, got one"
pass "diff reports the recorded flow that a change would break"
