#!/usr/bin/env bash
# Tests the control plane of `brownout run` with its real clients: curl, brownout ctl and
# Prometheus. Also tests tokens, TLS, and the state file across restarts.
brownout=$1
source "$(dirname "$0")/lib.sh"
need curl node python3 openssl promtool

start_echo
server=$echo_port
printf 'header = "Content-Type: application/json"\n' >"$folder/.curlrc"
export CURL_HOME=$folder

# run NAME [OPTION...]: starts brownout with an API, and sets $api, $front and $last_pid.
run() {
  local name=$1 port
  shift
  port=$(free_port)
  start "$name" "$brownout" run "$folder/rules.toml" --drain 0s --api "127.0.0.1:$port" "$@"
  wait_for 20 grep -q 'dashboard and API' "$folder/$name.log" ||
    fail "$name: expected the API to listen within 20 s, but it does not; log: $(cat "$folder/$name.log")"
  api=http://127.0.0.1:$port
  front=$(sed -nE 's/.*listener front: 127\.0\.0\.1:([0-9]+) .*/\1/p' "$folder/$name.log" | head -1)
  export BROWNOUT_URL=$api
}
ctl() { "$brownout" ctl "$@"; }
# round_trip: prints the seconds that an echo takes on a new connection.
round_trip() { python3 -c "
import socket, time
s = socket.create_connection(('127.0.0.1', $front), 10); s.settimeout(20)
t = time.time(); s.sendall(b'hello'); s.recv(5); print(time.time() - t)"; }
faster_than() { at_least "$1" "$(round_trip)"; }
slower_than() { at_least "$(round_trip)" "$1"; }

rule_file "$server" 0 '[[rule]]
fault = { type = "latency", delay = "1s" }
match = { listener = "front", direction = "upstream" }
enabled = false' >"$folder/rules.toml"
run first --state "$folder/state.json"
first=$last_pid

# Rules through the API: list, add, change and delete; ETags; errors with JSON pointers. A failed
# change has no effect.
ask 200 '"name":"latency","source":"file"' "$api/api/v1/rules"
faster_than 0.9 || fail "a disabled rule: expected no delay, but the round trip took 0.9 s or more"
expect_code 0 ctl enable latency
slower_than 1 || fail "the rule was enabled: expected a delay of 1 s, but the round trip was shorter"
ask 422 '"pointer":"/fault/dely","hint":"did you mean \\"delay\\"' -d '{"fault":{"type":"latency","delay":"1s","dely":"1s"}}' "$api/api/v1/rules"
ask 422 '"pointer":"/match/listener"' -d '{"fault":{"type":"refuse"},"match":{"listener":"frnt"}}' "$api/api/v1/rules"
ask 400 'not JSON: ' -d '{"fault"' "$api/api/v1/rules"
ask 200 '"latency"' "$api/api/v1/rules/latency"
etag=$(sed -nE 's/^etag: (.*)\r$/\1/Ip' "$folder/head")
ask 200 '"delay":"1100ms"' -X PATCH -H "If-Match: $etag" -d '{"fault":{"delay":"1100ms"}}' "$api/api/v1/rules/latency"
ask 412 'has changed since the ETag in If-Match: GET it again, and send its new ETag' -X PATCH -H "If-Match: $etag" -d '{"fault":{"delay":"5s"}}' "$api/api/v1/rules/latency"
slower_than 1.1 || fail "the rule's delay was changed to 1.1 s: expected that delay, but the round trip was shorter"
ask 201 '"source":"api"' -X PUT -d '{"fault":{"type":"latency","delay":"300ms"},"match":{"direction":"downstream"}}' "$api/api/v1/rules/back"
slower_than 1.4 || fail "a second rule adds 0.3 s: expected a delay of 1.4 s, but the round trip was shorter"
ask 409 'already' -d '{"name":"back","fault":{"type":"refuse"}}' "$api/api/v1/rules"
ask 404 'there is no rule' "$api/api/v1/rules/nobody"
ask 405 'not possible' -X DELETE "$api/api/v1/status"
ask 422 'there is no upstream' -X DELETE "$api/api/v1/upstreams/server"
ask 201 '"address":"127' -d "{\"name\":\"second\",\"listen\":\"127.0.0.1:0\",\"upstream\":\"server\"}" "$api/api/v1/listeners"
ask 409 'another program listens on this address' -d "{\"name\":\"third\",\"listen\":\"${api##*/}\",\"upstream\":\"server\"}" "$api/api/v1/listeners"
ask 200 '"open":false' -X POST "$api/api/v1/listeners/second/disable"
ask 204 '' -X DELETE "$api/api/v1/listeners/second"
pass "rules, listeners and upstreams through the API"

# Halting while a rule holds data of a live connection, by the command line and by a signal.
cat >"$folder/live.py" <<P
import socket, time
s = socket.create_connection(('127.0.0.1', $front), 10); s.settimeout(30)
said = open('$folder/said', 'w')
t = time.time(); s.sendall(b'x')
print('sent', file=said, flush=True)
s.recv(1); print(f'{time.time() - t:.3f}', file=said, flush=True)
P
ask 200 'delay' -X PATCH -d '{"fault":{"delay":"20s"}}' "$api/api/v1/rules/latency"
start live python3 "$folder/live.py"
wait_for 10 grep -q sent "$folder/said" || fail "live connection: expected the client to connect and send within 10 s, but it did not"
wait_for 10 sh -c "curl -s $api/api/v1/flows | grep -q '\"held\":{\"upstream\":1,'" ||
  fail "live connection: expected the fault to hold 1 upstream byte, got: $(curl -s "$api/api/v1/flows")"
expect_code 0 ctl halt
wait_for 10 grep -q '^[0-9]' "$folder/said" || fail "halt: expected the held byte to arrive within 10 s, but it did not"
at_least 15 "$(tail -1 "$folder/said")" ||
  fail "halt: expected the held byte before the delay of 20 s was over, but it took $(tail -1 "$folder/said") s"
ask 200 '"halted":true' "$api/api/v1/status"
faster_than 0.9 || fail "halted: expected no delay, but the round trip took 0.9 s or more"
ask 200 'delay' -X PATCH -d '{"fault":{"delay":"1s"}}' "$api/api/v1/rules/latency"
faster_than 0.9 || fail "a rule was changed while halted: expected no delay, but the round trip took 0.9 s or more"
expect_code 0 ctl resume
slower_than 1 || fail "resumed: expected a delay of 1 s, but the round trip was shorter"
kill -USR1 "$first"
wait_for 10 faster_than 0.9 || fail "SIGUSR1: expected faults to be halted, but the round trip took 0.9 s or more"
kill -USR2 "$first"
wait_for 10 slower_than 1 || fail "SIGUSR2: expected a delay of 1 s again, but the round trip was shorter"
pass "halt delivers held bytes on live connections; resume turns the faults on again"

# An expired lease reverts its changes.
ask 200 '"id":"ci"' -X PUT -d '{"ttl":"8s","id":"ci"}' "$api/api/v1/lease"
expect_code 0 ctl disable latency --lease ci
expect_code 0 ctl rm back --lease ci
expect_code 0 ctl add latency delay=400ms --name leased --lease ci
grep -q '"lease":"ci"' "$folder/out" || fail "a rule added under a lease: expected \"lease\":\"ci\" in its JSON, got: $(cat "$folder/out")"
wait_for 30 sh -c "! curl -s $api/api/v1/rules | grep -q leased" ||
  fail "the lease has expired: expected its rule to be removed within 30 s, but it is still listed"
ask 200 '"enabled":true' "$api/api/v1/rules/back"
ask 200 '"enabled":true' "$api/api/v1/rules/latency"
ask 409 'has lapsed' -X DELETE -H 'Brownout-Lease: ci' "$api/api/v1/rules/back"
ask 422 '"pointer":"/ttl"' -X PUT -d '{"ttl":"soon"}' "$api/api/v1/lease"
pass "an expired lease undoes its changes"

# ctl: exit codes, JSON for programs, tables for people, events.
expect_code 4 ctl rm nobody
expect_code 2 ctl add latency dely=1s
grep -q 'did you mean "delay"' "$folder/err" || fail "ctl with a misspelt key: expected the hint: did you mean \"delay\"; got: $(cat "$folder/err")"
expect_code 2 ctl add latency delay
expect_code 1 ctl status --url http://127.0.0.1:1
expect_code 0 env -u BROWNOUT_URL TOXIPROXY_URL="$api" "$brownout" ctl status
python3 -c "import json; assert json.load(open('$folder/out'))['halted'] is False" ||
  fail "ctl status into a file: expected JSON, got: $(cat "$folder/out")"
for command in rules listeners flows top; do
  expect_code 0 ctl $command
  python3 -m json.tool "$folder/out" >/dev/null || fail "ctl $command into a file: expected JSON, got: $(cat "$folder/out")"
done
expect_code 0 ctl why --listener front --rule latency --limit 2
python3 -c "
import json
answer = json.load(open('$folder/out'))
entry = answer['entries'][0]
assert 1 <= len(answer['entries']) <= 2 <= answer['total'], answer
assert (entry['rule'], entry['action'], entry['delay_ms']) == ('latency', 'delay', 1000), entry
assert [rule['acts'] for rule in answer['rules'] if rule['rule'] == 'latency'] == [True], answer
" || fail "why: $(cat "$folder/out")"
expect_code 0 ctl why --status 5xx
expect_text out '"entries":[]'
expect_code 2 ctl why --status 5x
expect_text err '404, "5xx" or "500-504"'
expect_code 2 ctl why --where topic
expect_code 2 ctl why --where topik=a
expect_text err 'did you mean "topic"'
for command in status rules listeners flows why; do
  script -qec "'$brownout' ctl $command" /dev/null >"$folder/table" </dev/null || fail "ctl $command on a terminal"
  if grep -q '{' "$folder/table"; then fail "ctl $command: no table on a terminal: $(cat "$folder/table")"; fi
done
start watch "$brownout" ctl watch
# The first connection may be opened before `ctl events` begins to print.
watched() {
  round_trip >/dev/null
  grep -q '"fault":"latency"' "$folder/watch.log" && grep -q '"event":"opened"' "$folder/watch.log"
}
wait_for 10 watched || fail "ctl events: expected the opening of a connection and a fault, got: $(cat "$folder/watch.log")"
wait_for 10 grep -q '"event":"closed"' "$folder/watch.log" ||
  fail "ctl events: expected the closing of the connection, got: $(cat "$folder/watch.log")"
start idle python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $front)); s.sendall(b'x')
try:
    while s.recv(1): pass
except ConnectionResetError: print('cut', flush=True)"
wait_for 10 sh -c "curl -s '$api/api/v1/flows?listener=front' | grep -q '\"total\":1'" ||
  fail "API: expected the list of flows to have one connection, but it has not: $(curl -s "$api/api/v1/flows")"
flow=$(curl -s "$api/api/v1/flows" | sed -nE 's/.*"flow":([0-9]+).*/\1/p')
ask 200 '"rules":\["latency","back"\]' "$api/api/v1/flows/front/$flow"
expect_code 0 ctl cut "front#$flow"
wait_for 10 grep -q cut "$folder/idle.log" || fail "ctl cut: expected the connection to be reset within 10 s, but it stayed open"
expect_code 4 ctl cut "front#$flow"
pass "ctl: exit codes, JSON and tables, events, cutting a flow"

# Metrics in Prometheus' format. The OpenAPI document must match the API.
curl -s "$api/metrics" >"$folder/metrics"
promtool check metrics <"$folder/metrics" >"$folder/promtool" 2>&1 ||
  if grep -v toxiproxy_proxy "$folder/promtool"; then
    fail "promtool check metrics: expected no complaints except about Toxiproxy's names, got: $(cat "$folder/promtool")"
  fi
for line in 'brownout_connections_total\{listener="front"\} [1-9]' 'brownout_bytes_total\{listener="front",direction="upstream"\} [1-9]' \
  'brownout_faults_injected_total\{rule="latency",fault="latency"\} [1-9]' 'brownout_held_bytes 0' \
  'brownout_active_faults\{rule="latency",fault="latency"\} [0-9]' 'brownout_faults_overflow_total\{rule="latency",fault="latency"\} 0' \
  'brownout_connect_failures_total\{listener="front"\} 0' 'brownout_turns_total\{listener="front"\} [1-9]' \
  'brownout_injected_delay_seconds_count\{rule="latency",fault="latency"\} [1-9]' \
  'brownout_event_loop_lag_seconds_count\{worker="0"\} [1-9]' 'brownout_halted 0' 'process_cpu_seconds_total [0-9]'; do
  grep -qE "^$line" "$folder/metrics" || fail "metrics: expected a line that matches $line, got: $(cat "$folder/metrics")"
done
ask 200 '"turns":[1-9]' "$api/api/v1/listeners"
ask 200 '"turns":[1-9]' "$api/api/v1/status"
ask 201 '"name":"tp"' -d "{\"name\":\"tp\",\"listen\":\"127.0.0.1:0\",\"upstream\":\"127.0.0.1:$server\"}" "$api/proxies"
ask 500 'is already the name of a listener' -d "{\"name\":\"front\",\"listen\":\"127.0.0.1:0\",\"upstream\":\"127.0.0.1:$server\"}" "$api/proxies"
ask 200 '"name":"tp","source":"toxiproxy"' "$api/api/v1/listeners"
curl -s "$api/metrics" | grep -q '^toxiproxy_proxy_received_bytes_total{direction="upstream",listener="127.0.0.1:[0-9]*",proxy="tp",upstream="127.0.0.1:'"$server"'"} 0' ||
  fail "metrics: expected Toxiproxy's byte counter for the proxy \"tp\", got: $(curl -s "$api/metrics" | grep toxiproxy)"
curl -s "$api/api/v1/openapi.json" >"$folder/openapi.json"
/usr/bin/python3 - "$api" "$folder/openapi.json" <<'P' || fail "OpenAPI document: expected it to match the API's answers, got the Python error above"
import json, re, sys, urllib.request, urllib.error, jsonschema
api, document = sys.argv[1], json.load(open(sys.argv[2]))
schemas = document['components']['schemas']
def call(method, path):
    request = urllib.request.Request(api + path, method=method, data=b'{}' if method in ('PUT', 'POST', 'PATCH') else None,
                                     headers={'Content-Type': 'application/json'})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, None if (answer.headers['Content-Type'] or '').startswith('text/event') else answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
names = {'name': 'nobody', 'listener': 'nobody', 'flow': '0', 'id': 'nobody'}
for path, operations in document['paths'].items():
    real = re.sub(r'{(\w+)}', lambda m: names[m[1]], path)
    for method in ('GET', 'POST', 'PUT', 'PATCH', 'DELETE'):
        if path in ('/api/v1/halt', '/api/v1/resume', '/api/v1/reset') and method == 'POST': continue
        status, body = call(method, real)
        assert (status == 405) == (method.lower() not in operations), (method, path, status)
        if status >= 400: jsonschema.validate(json.loads(body), schemas['Problem'])
for kind in ('rules', 'listeners', 'upstreams', 'zones', 'firewalls'):
    status, body = call('GET', f'/api/v1/{kind}')
    for view in json.loads(body):
        jsonschema.validate(view, schemas['View'])
        schema = {**schemas[kind[:-1].capitalize()], 'components': document['components']}
        if view['source'] != 'toxiproxy': jsonschema.validate(view['definition'], schema)
for wrong in ({'fault': {'type': 'latency', 'delay': 5}}, {'fault': {'type': 'latency', 'delai': '5ms'}}, {'match': {'prot': 1}}):
    assert list(jsonschema.Draft202012Validator({**schemas['Rule'], 'components': document['components']}).iter_errors(wrong)), wrong
assert call('GET', '/api/v1/nothing')[0] == 404
P
monitoring=$(cd "$(dirname "$0")/../../examples/monitoring" && pwd)
promtool test rules "$monitoring/alerts_test.yml" >"$folder/promtool" 2>&1 ||
  fail "examples/monitoring/alerts_test.yml: expected promtool's tests to pass, got: $(cat "$folder/promtool")"
/usr/bin/python3 - "$folder/metrics" "$monitoring/grafana.json" "$monitoring/alerts.yml" <<'P' || fail "examples/monitoring: expected every metric of the dashboard and the alerts to exist, got the Python error above"
import json, re, sys
there = set(re.findall(r'^# TYPE (\S+)', open(sys.argv[1]).read(), re.M))
grafana = [t['expr'] for p in json.load(open(sys.argv[2]))['panels'] for t in p['targets']]
assert len(grafana) > 9
for text in grafana + [open(sys.argv[3]).read()]:
    for name in re.findall(r'brownout_\w+', text):
        assert re.sub('_(bucket|count|sum)$', '', name) in there or name in there, name
P
pass "metrics for Prometheus; the OpenAPI document; alert rules and Grafana's dashboard"

# An invalid rule file is reported in the status until it is fixed.
cp "$folder/rules.toml" "$folder/good.toml"
echo 'nonsense = 1' >>"$folder/rules.toml"
not_loaded() { curl -s "$api/api/v1/status" | grep -q '"file_not_loaded":"the file has errors (`brownout check` lists them)"'; }
wait_for 10 not_loaded || fail "an invalid rule file: expected the API's status to report it, got: $(curl -s "$api/api/v1/status")"
script -qec "'$brownout' ctl status" /dev/null </dev/null | grep -q 'the rule file is NOT LOADED' ||
  fail "an invalid rule file: expected \"the rule file is NOT LOADED\" from ctl status, but it is missing"
mv "$folder/good.toml" "$folder/rules.toml"
loaded() { ! not_loaded; }
wait_for 10 loaded || fail "the rule file was corrected: expected no error in the API's status, got: $(curl -s "$api/api/v1/status")"
# Changes through the API survive an edit of the rule file, and a restart.
sed -i 's/^seed = 7/seed = 8/' "$folder/rules.toml"
wait_for 10 grep -q 'rules\? loaded' "$folder/first.log" ||
  fail "the rule file was changed: expected \"rules loaded\" in the log, got: $(cat "$folder/first.log")"
ask 200 '"source":"api"' "$api/api/v1/rules/back"
wait_for 10 grep -q 'the active configuration differs from the rule file: rules .*back' "$folder/first.log" ||
  fail "the API's rule \"back\" is not in the file: expected the log to report the difference, got: $(cat "$folder/first.log")"
script -qec "'$brownout' ctl rules" /dev/null >"$folder/table" </dev/null
grep -q 'rule back (added)' "$folder/table" ||
  fail "the API's rule \"back\" is not in the file: expected ctl rules to report the difference, got: $(cat "$folder/table")"
# If a rule is changed back to its version in the file, later edits of the file apply to it again.
expect_code 0 ctl enable latency
expect_code 0 ctl disable latency
ask 200 '"name":"latency","source":"file"' "$api/api/v1/rules/latency"
kill -TERM "$first"
wait "$first" || fail "SIGTERM: expected exit code 0, got $?; log: $(cat "$folder/first.log")"
run second --state "$folder/state.json"
ask 200 '"source":"api"' "$api/api/v1/rules/back"
ask 200 '"delay":"1s"' "$api/api/v1/rules/latency"
kill -TERM "$last_pid"
wait "$last_pid" || fail "SIGTERM: expected exit code 0, got $?; log: $(cat "$folder/second.log")"
run reset --state "$folder/state.json"
grep -q 'the active configuration differs from the rule file: ' "$folder/reset.log" ||
  fail "restart with a state file: expected the log to report the restored changes, got: $(cat "$folder/reset.log")"
expect_code 0 ctl reset back
ask 404 'no rule' "$api/api/v1/rules/back"
expect_code 4 ctl reset nobody
ask 201 'again' -d '{"name":"again","fault":{"type":"refuse"}}' "$api/api/v1/rules"
expect_code 0 ctl reset
ask 200 '"differs_from_file":\[\]' "$api/api/v1/status"
ask 201 'back' -X PUT -d '{"fault":{"type":"latency","delay":"300ms"}}' "$api/api/v1/rules/back"
kill -TERM "$last_pid"
wait "$last_pid" || fail "SIGTERM: expected exit code 0, got $?; log: $(cat "$folder/reset.log")"
head -c 100 "$folder/state.json" >"$folder/torn"
mv "$folder/torn" "$folder/state.json"
expect_code 2 "$brownout" run "$folder/rules.toml" --api off --state "$folder/state.json"
grep -q 'is truncated' "$folder/err" || fail "a truncated state file: expected \"is truncated\" in the error message, got: $(cat "$folder/err")"
[ -f "$folder/state.json.corrupt" ] && [ ! -f "$folder/state.json" ] ||
  fail "a truncated state file: expected it to be renamed to state.json.corrupt, found: $(ls "$folder")"
pass "the state file: after a restart, and truncated"

# Security: names with control characters, nested JSON, requests of other web sites, tokens, TLS.
run third
for name in 'a%0a12:00:00.000%20warning%20halted' '%1b%5d0;owned%07' '%c2%9b31mred'; do
  ask 201 '' -X PUT -d '{"fault":{"type":"latency","delay":"1ms"}}' "$api/api/v1/rules/$name"
done
ask 400 'not valid UTF-8' -X PUT -d '{"fault":{"type":"refuse"}}' "$api/api/v1/rules/%ff"
python3 -c "print('{\"name\":' * 100000 + '1' + '}' * 100000)" >"$folder/deep"
ask 400 '' --data-binary "@$folder/deep" "$api/proxies"
ask 400 '' --data-binary "@$folder/deep" "$api/api/v1/rules"
script -qec "'$brownout' ctl rules" /dev/null >"$folder/table" </dev/null
for file in third.log table; do
  if grep -qE "^12:00:00.000|$(printf '\033')\]0|$(printf '\302\233')" "$folder/$file"; then
    fail "a rule's name with control characters: expected them escaped in $file, got: $(cat -v "$folder/$file")"
  fi
done
curl -q -s -X POST -d '' "$api/api/v1/halt" | grep -q 'needs the header' ||
  fail "POST without the header X-Requested-With, as another web site would send it: expected an error, but it was accepted"
ask 403 'refused: the change comes from a page of' -X POST -H 'Origin: http://evil.example' "$api/api/v1/halt"
ask 403 'is refused on a loopback address' -H 'Host: evil.example' "$api/api/v1/status"
head -c 9000000 /dev/zero >"$folder/large"
ask 413 'too large' -H 'Expect:' --data-binary "@$folder/large" "$api/api/v1/rules"
expect_code 2 "$brownout" run "$folder/rules.toml" --api 0.0.0.0:0
grep -q 'token-file' "$folder/err" || fail "an API on a public address without a token: expected a hint at --token-file, got: $(cat "$folder/err")"
echo short >"$folder/short"
expect_code 2 "$brownout" run "$folder/rules.toml" --api 0.0.0.0:0 --token-file "$folder/short"
openssl rand -hex 32 >"$folder/token"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>/dev/null
run secure --token-file "$folder/token" --api-certificate "$folder/cert.pem" --api-key "$folder/key.pem"
api=${api/http:/https:}
ask 401 'a token is needed' --cacert "$folder/cert.pem" "$api/api/v1/status"
ask 401 'a token is needed' --cacert "$folder/cert.pem" "$api/metrics"
ask 401 'a token is needed' --cacert "$folder/cert.pem" -H "Authorization: Bearer $(tr 0-9a-f 1-9a-f0 <"$folder/token")" "$api/proxies"
ask 200 'halted' --cacert "$folder/cert.pem" -H "Authorization: Bearer $(cat "$folder/token")" "$api/api/v1/status"
ask 200 '<title>Brownout' --cacert "$folder/cert.pem" "$api/"
expect_code 2 env BROWNOUT_URL="$api" "$brownout" ctl status --ca "$folder/cert.pem"
expect_code 0 env BROWNOUT_URL="$api" "$brownout" ctl status --ca "$folder/cert.pem" --token-file "$folder/token"
for name in BROWNOUT_TOKEN TOXIPROXY_AUTH_TOKEN; do
  expect_code 0 env BROWNOUT_URL="$api" $name="$(cat "$folder/token")" "$brownout" ctl status --ca "$folder/cert.pem"
done
if grep -q "$(cat "$folder/token")" "$folder/secure.log"; then fail "the token is in the log"; fi
pass "tokens, TLS, and protection from pages of other sites"

# Many clients connect to the API. Some are idle, some send half a request, some a byte now and
# then.
run flooded --api-socket "$folder/api.sock"
flooded=$last_pid
cat >"$folder/flood.py" <<'P'
import collections, socket, sys
last, begun = collections.deque(), 0
while True:
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(('127.0.0.1', int(sys.argv[1])))
    last.append(s)
    begun += 1
    if begun % 3 and len(last) > 8:
        try: last[-8].send(b'x' if begun % 3 == 1 else b'POST /api/v1/halt HTTP/1.1\r\nHost: loc')
        except OSError: pass
    if len(last) > 500: last.popleft().close()
    if begun == 1000: print('flooding', flush=True)
P
start flood python3 "$folder/flood.py" "${api##*:}"
flood=$last_pid
wait_for 20 grep -q flooding "$folder/flood.log" || fail "expected 1000 flooding connections within 20 s, got: $(cat "$folder/flood.log")"
for i in 1 2 3; do
  expect_code 0 timeout 20 "$brownout" ctl halt
  ask 200 '"halted":true' -m 20 --unix-socket "$folder/api.sock" http://localhost/api/v1/status
  expect_code 0 timeout 20 "$brownout" ctl resume --url "unix:$folder/api.sock"
  ask 200 '"halted":false' -m 20 "$api/api/v1/status"
done
kill "$flood"
kill -TERM "$flooded"
wait "$flooded" || fail "SIGTERM after a flood: expected exit code 0, got $?; log: $(cat "$folder/flooded.log")"
[ ! -e "$folder/api.sock" ] || fail "after the end: expected the API's unix socket to be removed, but it still exists"
expect_code 2 "$brownout" run "$folder/rules.toml" --api off --api-socket "$folder/api.sock"
expect_code 1 ctl status --url "unix:$folder/api.sock"
grep -q "no response from unix:$folder/api.sock" "$folder/err" ||
  fail "ctl without a server: expected \"no response from unix:$folder/api.sock\", got: $(cat "$folder/err")"
pass "halt during a flood of connections, and over a unix socket"

# --max-fault-time, and a Toxiproxy configuration file.
echo "[{\"name\":\"tp\",\"listen\":\"127.0.0.1:0\",\"upstream\":\"127.0.0.1:$server\",\"toxics\":[{\"type\":\"latency\",\"attributes\":{\"latency\":1000}}]}]" >"$folder/toxi.json"
sed -i 's/^enabled = false//' "$folder/rules.toml"
run capped --max-fault-time 15s --toxiproxy-config "$folder/toxi.json"
slower_than 1 || fail "--max-fault-time 15s, before that time: expected a delay of 1 s, but the round trip was shorter"
toxi=$(sed -nE 's/.*proxy tp: 127\.0\.0\.1:([0-9]+) .*/\1/p' "$folder/capped.log")
(front=$toxi; slower_than 1) || fail "--toxiproxy-config: expected its toxic to delay by 1 s, but the round trip was shorter"
wait_for 40 faster_than 0.9 || fail "--max-fault-time 15s, after that time: expected no delay, but the round trip took 0.9 s or more"
front=$toxi
wait_for 40 faster_than 0.9 || fail "--max-fault-time 15s, after that time: expected no delay by the toxic, but the round trip took 0.9 s or more"
pass "--max-fault-time, --toxiproxy-config"
