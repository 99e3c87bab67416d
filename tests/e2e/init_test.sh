#!/usr/bin/env bash
# brownout init: a rule file from three answers, from recorded flows, from a command, from Toxiproxy, tc and Envoy. Each
# passes `check`; a wrong input leaves no file.
brownout=$1
source "$(dirname "$0")/lib.sh"
need curl python3 script
cd "$folder"

port=$(free_port)
listen=$(free_port)
mkdir site
echo hello >site/index.html
start server /usr/bin/python3 -m http.server "$port" --bind 127.0.0.1 --directory site
wait_for 10 curl -sf "http://127.0.0.1:$port/" -o /dev/null

# Milliseconds that a request through this port takes.
takes() { curl -s -o /dev/null -w '%{time_total}' "http://127.0.0.1:$1/" | awk '{ print int($1 * 1000) }'; }

expect_code 0 "$brownout" init new.toml --yes --listen "$listen" --to "$port" --protocol http
expect_text err 'new.toml: 1 listener, 1 rule switched on, '
expect_text err 'next: brownout run new.toml'
expect_code 0 "$brownout" init "its name.toml" --yes --listen "$listen" --to "$port"
expect_text err "next: brownout run 'its name.toml'"
expect_code 0 "$brownout" check new.toml
expect_text out '1 listener, 1 upstream, 1 rule'
start new "$brownout" run new.toml --api off
wait_port "$listen"
[ "$(takes "$listen")" -ge 180 ] || fail "the rule of a new file does not act: $(takes "$listen") ms"
kill "$last_pid"
expect_code 2 "$brownout" init new.toml --yes
expect_text err 'new.toml exists already (give --force to overwrite it, or another name)'
cp new.toml kept.toml
expect_code 0 "$brownout" init new.toml --yes --force
cmp -s new.toml kept.toml && fail "--force does not overwrite"
expect_code 0 "$brownout" init --yes --listen :5433 --to 5432 --to 127.0.0.1:5434
mv out shown.toml
expect_code 0 "$brownout" check shown.toml
grep -q '^listen = "127.0.0.1:5433" ' shown.toml || fail "a port alone is not one of this machine: $(cat shown.toml)"
pass "a file from options, to a file or to standard output"

expect_code 2 "$brownout" init none.toml </dev/null
expect_text err 'init has three questions to ask, but standard input is not a terminal'
printf '5433\nnowhere\n5432\nredis\n' | script -qec "'$brownout' init asked.toml" /dev/null >talk
grep -q 'Where do clients connect?' talk || fail "no question: $(cat talk)"
grep -q '"nowhere" has no port' talk || fail "a wrong answer is not refused: $(cat talk)"
expect_code 0 "$brownout" check asked.toml
grep -q '^protocol = "redis"' asked.toml || fail "the answer is not in the file: $(cat asked.toml)"
pass "three questions on a terminal"

expect_code 0 "$brownout" init outage.toml --preset messaging-outage
expect_code 0 "$brownout" check outage.toml
expect_text out '6 rules'
expect_code 2 "$brownout" init none.toml --preset messaging-outrage
expect_text err 'did you mean "messaging-outage"?'
pass "a preset"

cat >first.toml <<R
[[listener]]
listen = "127.0.0.1:$listen"
upstream = "127.0.0.1:$port"
R
start first "$brownout" run first.toml --api off --flows flows.jsonl
wait_port "$listen"
curl -s -o /dev/null "http://127.0.0.1:$listen/"
wait_for 10 grep -q destination flows.jsonl || fail "no flow is recorded"
kill "$last_pid"
expect_code 0 "$brownout" init flows.toml --from flows.jsonl
expect_code 0 "$brownout" check flows.toml
there=$(sed -n 's/^listen = "127.0.0.1:\([0-9]*\)".*/\1/p' flows.toml)
start flows "$brownout" run flows.toml --api off
wait_port "$there"
[ "$(curl -s "http://127.0.0.1:$there/")" = hello ] || fail "a listener made of flows does not lead to its server"
kill "$last_pid"
pass "recorded flows"

cat >proxies.json <<'J'
[{"name": "web", "listen": "127.0.0.1:8001", "upstream": "127.0.0.1:8000", "toxics": [{"type": "latency", "attributes": {"latency": 100}}]}]
J
echo 'tc qdisc add dev eth0 root netem delay 100ms 10ms loss 1%' >netem.sh
cat >envoy.yaml <<'Y'
http_filters:
- name: envoy.filters.http.fault
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault
    delay: { fixed_delay: 2s, percentage: { numerator: 10 } }
Y
for source in proxies.json netem.sh envoy.yaml; do
  expect_code 0 "$brownout" init "$source.toml" --from "$source"
  expect_code 0 "$brownout" check "$source.toml"
  expect_text out '1 listener, 1 upstream'
done
expect_code 0 "$brownout" init --from - --format tc <netem.sh
expect_text out 'type = "latency", delay = "100ms", jitter = "10ms"'
pass "the files of Toxiproxy, tc and Envoy, known by their content"

echo '[{"name": "web"}]' >wrong.json
echo 'tc qdisc add dev eth0 root netem delay 100' >wrong.sh
for wrong in 'wrong.json --format toxiproxy' 'wrong.sh' 'first.toml' 'missing.json' 'tc' 'proxies.json --format envoy' \
  'proxies.json --format flows' 'flows.jsonl --format toxiproxy' 'flows.jsonl --listen 5433'; do
  # shellcheck disable=SC2086
  expect_code 2 "$brownout" init none.toml --from $wrong
  [ "$(wc -l <err)" -le 2 ] || fail "$wrong: a page of errors: $(cat err)"
  [ -s err ] || fail "$wrong: no error"
  [ ! -e none.toml ] || fail "$wrong: a file is written"
done
expect_code 2 "$brownout" init none.toml --from tc
expect_text err '--from FILE --format tc'
expect_code 2 "$brownout" init none.toml --from wrong.sh
expect_text err 'wrong.sh: line 1: a time after "delay" is expected, not "100"'
expect_code 2 "$brownout" init none.toml --yes --listen nowhere
expect_text err 'the address for clients: "nowhere" has no port'
expect_code 2 "$brownout" init none.toml --yes --listen 99999
expect_text err '"127.0.0.1:99999" has no port from 0 to 65535'
expect_code 2 "$brownout" run --listen 5433 --to 99999 --fault unplug
expect_text err '"127.0.0.1:99999" has no port from 0 to 65535'
expect_code 2 "$brownout" init none.toml --yes --protocol proxy --to 127.0.0.1:1
expect_text err '--to is not possible with --protocol proxy'
expect_text err 'leave out --to'
expect_code 2 "$brownout" init none.toml --preset 3g --protocol proxy --to 127.0.0.1:1
expect_code 2 "$brownout" init none.toml -- true
expect_text err 'a command after -- is run only with --from-exec'
expect_code 2 "$brownout" init none.toml --from-exec
expect_text err '--from-exec needs a command after --'
expect_code 2 "$brownout" init "$folder/no/such/folder.toml" --yes
expect_text err 'No such file or directory'
[ ! -e none.toml ] || fail "a file is written after an error"
pass "a wrong input says what is wrong, and leaves no file"

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
  echo "SKIPPED: this kernel, or its sandbox, allows no network namespaces"
  exit 0
fi
expect_code 0 "$brownout" init --from-exec -- curl -s "http://127.0.0.1:$port/"
expect_text err hello
grep -q hello out && fail "the command's output is in the rule file"
expect_text out "ports = [$port]"
expect_code 0 "$brownout" init seen.toml --from-exec -- sh -c "curl -s http://127.0.0.1:$port/; exit 7"
expect_text out hello
expect_text err 'the command ended with 7'
expect_text err "next: brownout exec seen.toml -- sh -c 'curl -s http://127.0.0.1:$port/; exit 7'"
grep -q 'brownout exec FILE -- sh and its arguments, which are not stored' seen.toml ||
  fail "the program is not named: $(head -n 8 seen.toml)"
if grep -q 'exit 7' seen.toml; then fail "an argument, which may be a secret, is in the file: $(head -n 8 seen.toml)"; fi
expect_code 0 "$brownout" check seen.toml
expect_code 0 "$brownout" check --exec seen.toml
# All of its rules are switched on, as a person would.
sed -E 's/^#([^ ])/\1/' seen.toml >on.toml
expect_code 0 "$brownout" check on.toml
began=$(date +%s%N)
# Some of the rules break the connection: curl succeeds, gets an empty answer (52), or a reset (56).
code=0
"$brownout" exec on.toml -- curl -s "http://127.0.0.1:$port/" >/dev/null || code=$?
[[ $code = @(0|52|56) ]] || fail "curl with all rules of the command: expected exit code 0, 52 or 56, got $code"
[ $((($(date +%s%N) - began) / 1000000)) -ge 300 ] || fail "a rule made of a command does not act on it"
expect_code 1 "$brownout" init none.toml --from-exec -- true
expect_text err 'the command opened no connection'
[ ! -e none.toml ] || fail "a file without a listener is written"
pass "the connections of a command"
