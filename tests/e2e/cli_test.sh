#!/usr/bin/env bash
# Tests the command line: errors, reloads, signals, output, and installed files.
brownout=$1
here=$(cd "$(dirname "$0")" && pwd)
source "$here/lib.sh"
need curl python3

rule_file 1 0 '[[rule]]
fault = { type = "latency", jiter = "5ms" }' >"$folder/bad.toml"
expect_code 2 "$brownout" check "$folder/bad.toml"
expect_text err "bad.toml:11:29: error: unknown key \"jiter\""
expect_text err "did you mean \"jitter\"?"
expect_text err "needs \"delay\""
expect_text err "2 mistakes"
expect_code 2 "$brownout" run "$folder/bad.toml"
expect_code 2 "$brownout" check "$folder/nowhere.toml"
expect_text err "cannot read the file: No such file or directory"
expect_code 2 "$brownout" check "$folder"
expect_code 2 "$brownout" run "$folder/bad.toml" --drain soon
expect_code 2 "$brownout" run "$folder/bad.toml" --api off --token-file token
expect_text err "--token-file has no effect: it is the token of the API, and --api off serves no API"
rule_file 1 0 '[[rule]]
fault = { type = "limit_data", bytes = 99999999999999999999 }' >"$folder/huge.toml"
expect_code 2 "$brownout" check "$folder/huge.toml"
expect_text err "whole numbers go from -9223372036854775808 to 9223372036854775807"
expect_code 2 "$brownout" nonsense
expect_code 2 "$brownout"
expect_code 0 "$brownout" --help
expect_code 0 "$brownout" --version
# Some examples need a CA in their own folder.
cp "$here"/../../examples/rules/*.toml "$folder"
cd "$folder" || exit 1
expect_code 2 "$brownout" check bad_certificate.toml
expect_text err 'bad_certificate.toml:11:14: error: there is no CA in brownout-ca'
expect_text err 'make one with `brownout ca init --folder brownout-ca`'
expect_code 0 "$brownout" ca init --folder brownout-ca
for example in "$here"/../../examples/rules/*.toml; do expect_code 0 "$brownout" check "$(basename "$example")"; done
pass "errors exit with 2 and name the next step"

# `check` and `run` report the same errors at the same positions. Neither waits for a pipe.
mkfifo pipe
mkdir folder
: >empty.pem
cat >files.toml <<'R'
version = 1
[[upstream]]
name = "one"
servers = ["127.0.0.1:1"]
tls = { ca = "/etc", certificate = "brownout-ca/ca.pem", key = "/dev/zero" }
[[upstream]]
name = "two"
servers = ["127.0.0.1:1"]
tls = { ca = "empty.pem", certificate = "folder", key = "brownout-ca/ca.key" }
[[listener]]
name = "tls"
listen = "127.0.0.1:0"
upstream = "one"
tls = { ca = "nowhere", client_ca = "pipe", certificate = "nowhere.pem", key = "pipe" }
[[listener]]
name = "proxy"
protocol = "proxy"
listen = "127.0.0.1:0"
username = "anna"
password_file = "folder"
[[listener]]
name = "off"
listen = "127.0.0.1:0"
upstream = "one"
enabled = false
tls = { ca = "nowhere" }
R
for command in "check files.toml" "run files.toml --api off"; do
  # shellcheck disable=SC2086
  expect_code 2 timeout 10 "$brownout" $command
  expect_text err 'files.toml:5:14: error: cannot read ca /etc: cannot read the file: Is a directory'
  expect_text err 'give a PEM file with the CAs to trust'
  expect_text err 'files.toml:5:64: error: cannot use the key /dev/zero: it is not a regular file'
  expect_text err 'files.toml:9:14: error: cannot read ca empty.pem: the file has no certificate'
  expect_text err 'files.toml:9:41: error: cannot use the certificate folder: cannot read the file: Is a directory'
  expect_text err 'files.toml:14:14: error: there is no CA in nowhere'
  expect_text err 'files.toml:14:37: error: cannot read client_ca pipe: it is not a regular file'
  expect_text err 'files.toml:14:59: error: cannot use the certificate nowhere.pem: cannot read the file: No such file'
  expect_text err 'files.toml:20:17: error: password_file: folder: cannot read the file: Is a directory'
  expect_text err '8 mistakes in files.toml'
done
# One run reports errors of all kinds.
{ cat files.toml; printf '[[rule]]\nfault = { type = "latenzy" }\n[[zone]]\nname = "z"\nrecords = ["a.lab. 60 IN A nobody"]\n'; } >all.toml
expect_code 2 "$brownout" check all.toml
expect_text err 'unknown fault "latenzy"'
expect_text err 'a.lab. 60 IN A nobody'
expect_text err '10 mistakes in all.toml'
printf 'version = 1\n[[rule]]\nmatch = { listener = "tcp", port = 80 }\nfault = { type = "unreachable" }\n' >exec.toml
for command in check run "explain --listener tcp"; do
  # shellcheck disable=SC2086
  expect_code 2 "$brownout" $command exec.toml
  expect_text err 'a file for `brownout exec` needs none, and `check` and `explain` read such a file with --exec'
  expect_text err '1 mistake in exec.toml'
done
expect_code 0 "$brownout" check --exec exec.toml
cp bad_certificate.toml good.toml
for option in --events --flows; do
  expect_code 2 timeout 10 "$brownout" run good.toml --api off "$option" pipe
  expect_text err 'no process reads this pipe'
done
expect_code 2 timeout 10 "$brownout" run good.toml --api 127.0.0.1:0 --token-file pipe
expect_text err 'not a regular file'
expect_code 2 timeout 10 "$brownout" run good.toml --api 127.0.0.1:0 --api-certificate pipe --api-key pipe
expect_text err 'not a regular file'
expect_code 2 timeout 10 "$brownout" run good.toml --api off --toxiproxy-config /dev/zero
expect_text err 'larger than 64 MiB'
cd - >/dev/null || exit 1
pass "check and run report unusable files with the same positions"

expect_code 0 "$brownout" explain "$here/../../examples/rules/latency.toml" --listener chat --client 10.1.2.3
expect_text out "1 of 1 rule acts"
expect_text out "it acts downstream only"
expect_code 2 "$brownout" explain "$here/../../examples/rules/latency.toml" --listener chta
expect_text err "did you mean \"chat\"?"
printf '%s\n' 'version = 1' '[[upstream]]' 'name = "web"' 'servers = ["127.0.0.1:1"]' \
  '[[listener]]' 'name = "api"' 'protocol = "http"' 'listen = "127.0.0.1:0"' 'upstream = "web"' \
  '[[rule]]' 'match = { header = { host = "x.test" } }' 'fault = { type = "abort", status = 503 }' >"$folder/host.toml"
explain_host() { expect_code 0 "$brownout" explain "$folder/host.toml" --listener api "$@"; }
for url in http://x.test/a http://user@x.test:80 https://x.test:443/; do
  explain_host --url "$url"
  expect_text out "1 of 1 rule acts"
done
explain_host --url http://x.test/a --header "Host: y.test"
expect_text out "0 of 1 rule acts"
explain_host --url http://x.test:8080/a
expect_text out "0 of 1 rule acts"
explain_host --url /a --header "host: x.test"
expect_text out "1 of 1 rule acts"
pass "explain"

server=$(free_port)
start server python3 -c "
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536): self.request.sendall(data)
socketserver.ThreadingTCPServer.allow_reuse_address = True
with socketserver.ThreadingTCPServer(('127.0.0.1', $server), Echo) as s:
    s.daemon_threads = True
    s.serve_forever()"
wait_port "$server"
echo_once() { python3 -c "
import socket, sys
s = socket.create_connection(('127.0.0.1', $proxy_port), 5); s.settimeout(5)
s.sendall(b'hello'); sys.exit(0 if s.recv(5) == b'hello' else 1)" 2>/dev/null; }

proxy live "$server" '[[rule]]
name = "never"
match = { client = "192.0.2.0/24" }
fault = { type = "refuse" }'
kill -USR1 "$last_pid"
wait_for 5 grep -q '^never  *refuse  *0  *0  *0' "$folder/live.log" ||
  fail "SIGUSR1: expected a table of rules in the log, got: $(cat "$folder/live.log")"
kill -USR2 "$last_pid"
wait_for 5 grep -q 'resumed' "$folder/live.log" || fail "SIGUSR2: expected \"resumed\" in the log, got: $(cat "$folder/live.log")"
pass "SIGUSR1 halts, SIGUSR2 resumes; both print what the rules have done so far"
pid=$last_pid
echo_once || fail "a proxy without a matching rule: expected an echo of the sent bytes, got none"
expect_code 2 "$brownout" run "$folder/live.toml"
expect_text err "another program listens on this address"

rule_file "$server" "$proxy_port" 'nonsense = [' >"$folder/live.toml"
wait_for 10 grep -q 'not loaded, the previous rules stay' "$folder/live.log" ||
  fail "an invalid rule file: expected \"not loaded, the previous rules stay\" in the log, got: $(cat "$folder/live.log")"
echo_once || fail "after an invalid rule file: expected the previous rules to stay active, but the echo failed"
rule_file "$server" "$proxy_port" '[[rule]]
name = "all"
fault = { type = "refuse" }' >"$folder/new.toml"
mv "$folder/new.toml" "$folder/live.toml"
wait_for 10 grep -q '1 rule loaded' "$folder/live.log" ||
  fail "the rule file was replaced: expected \"1 rule loaded\" in the log, got: $(cat "$folder/live.log")"
if echo_once; then fail "the new rule refuses connections: expected no echo, but the echo arrived"; fi
pass "reload: a bad file changes nothing, a good one acts at once"

# The port stays the same although the listener gets another name and the rules are removed.
rule_file "$server" "$proxy_port" '' | sed 's/"front"/"renamed"/' >"$folder/live.toml"
wait_for 10 echo_once || fail "the rule was removed and the listener renamed: expected an echo, got none"
rule_file "$server" "$proxy_port" '' 'protocol = "tls"' >"$folder/live.toml"
loaded() { [ "$(grep -c '0 rules loaded' "$folder/live.log")" = "$1" ]; }
wait_for 10 loaded 2 ||
  fail "the listener's protocol was changed to tls: expected a second \"0 rules loaded\" in the log, got: $(cat "$folder/live.log")"
rule_file "$server" "$proxy_port" '' >"$folder/live.toml"
wait_for 10 loaded 3 ||
  fail "the listener's protocol was changed back: expected a third \"0 rules loaded\" in the log, got: $(cat "$folder/live.log")"
echo_once || fail "the listener's protocol was changed back: expected an echo, got none"
kill -HUP "$pid"
wait_for 10 grep -q 'SIGHUP' "$folder/live.log" || fail "SIGHUP: expected a reload that the log attributes to SIGHUP, got: $(cat "$folder/live.log")"
rule_file "$server" "$proxy_port" '[[rule]]
name = "never"
match = { client = "192.0.2.0/24" }
fault = { type = "refuse" }' >"$folder/live.toml"
wait_for 10 grep -q '(changed): 1 rule loaded' "$folder/live.log" ||
  fail "the rule file was edited again: expected \"(changed): 1 rule loaded\" in the log, got: $(cat "$folder/live.log")"
sleep 0.3
kill -TERM "$pid"
wait "$pid" || fail "SIGTERM: expected exit code 0, got $?"
grep -q 'rule  *fault  *matched  *sampled  *injected' "$folder/live.log" ||
  fail "SIGTERM: expected a table of rules in the log, got: $(cat "$folder/live.log")"
grep -q 'rule never matched nothing' "$folder/live.log" ||
  fail "SIGTERM: expected a warning that the rule \"never\" never matched, got: $(cat "$folder/live.log")"
pass "SIGTERM prints a table of rules, and a warning for a rule that never matched"

hold() { python3 -c "
import socket, time
s = socket.create_connection(('127.0.0.1', $proxy_port), 5)
s.sendall(b'hello'); s.recv(5); print('open', flush=True)
try:
    while s.recv(5): pass
except ConnectionResetError: pass" ; }
drain_port=$(free_port)
proxy_port=$drain_port
rule_file "$server" "$proxy_port" >"$folder/drain.toml"
start drain "$brownout" run "$folder/drain.toml" --drain 700ms
pid=$last_pid
wait_port "$proxy_port"
start holder hold
wait_for 10 grep -q open "$folder/holder.log" || fail "drain: expected the client to open a connection, got: $(cat "$folder/holder.log")"
begin=$(now)
kill -TERM "$pid"
wait "$pid" || fail "drain: expected exit code 0 after SIGTERM, got $?"
at_least "$(since "$begin")" 0.6 || fail "drain: expected Brownout to wait 0.7 s for the open connection, but it ended earlier"
grep -q '1 connection still open after 700ms' "$folder/drain.log" || fail "drain: expected the log to report one closed connection, got: $(cat "$folder/drain.log")"
pass "SIGTERM drains with a deadline"

start interrupt "$brownout" run "$folder/drain.toml" --drain 1h
pid=$last_pid
wait_port "$proxy_port"
start holder2 hold
wait_for 10 grep -q open "$folder/holder2.log" || fail "SIGINT: expected the client to open a connection, got: $(cat "$folder/holder2.log")"
kill -INT "$pid"
wait_for 10 grep -q 'shutdown: waiting' "$folder/interrupt.log" ||
  fail "first SIGINT: expected \"shutdown: waiting\" in the log, got: $(cat "$folder/interrupt.log")"
kill -INT "$pid"
wait "$pid" || fail "second SIGINT: expected Brownout to end with exit code 0, got $?"
grep -q 'shutdown: a second Ctrl-C closed 1 connection at once' "$folder/interrupt.log" ||
  fail "second SIGINT: expected the log to say what it cut, got: $(cat "$folder/interrupt.log")"
pass "SIGINT twice stops now"

# What the terminal would show, as one JSON object a line.
start lines "$brownout" run "$folder/drain.toml" --drain 0s --api off --output json
pid=$last_pid
wait_port "$proxy_port"
kill -TERM "$pid"
wait "$pid" || fail "run --output json: expected exit code 0, got $?"
python3 - "$folder/lines.log" <<'P' || fail "run --output json: $(cat "$folder/lines.log")"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
assert all(set(line) == {"time", "level", "message"} for line in lines), lines
assert any(line["level"] == "info" and line["message"].startswith("listener front: ") for line in lines), lines
P
expect_code 2 "$brownout" run "$folder/drain.toml" --output json --events -
expect_text err '--output json writes to standard output, and so does --events -'
pass "run --output json prints JSON lines"

build=$(cd "$(dirname "$brownout")/.." && pwd)
cmake --install "$build" --prefix "$folder/prefix" >/dev/null
[ -x "$folder/prefix/bin/brownout" ] || fail "cmake --install: expected the program bin/brownout, found none"
[ "$(ls "$folder/prefix/bin")" = brownout ] || fail "cmake --install: expected only brownout in bin, found: $(ls "$folder/prefix/bin")"
grep -q '^.SS run' "$folder/prefix/share/man/man1/brownout.1" || fail "cmake --install: expected a man page with a section on \"run\", found none"
bash -n "$folder/prefix/share/bash-completion/completions/brownout" ||
  fail "cmake --install: expected a valid bash completion, but bash -n rejects it"
completions=$(bash -c "source '$folder/prefix/share/bash-completion/completions/brownout'
  COMP_WORDS=(brownout ru); COMP_CWORD=1; _brownout '$folder/prefix/bin/brownout'; echo \"\${COMPREPLY[*]}\"")
[ "$completions" = run ] || fail "bash completion of \"brownout ru\": expected \"run\", got: $completions"
pass "install: one binary, a man page, completions"
