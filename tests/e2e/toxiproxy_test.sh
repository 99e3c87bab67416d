#!/usr/bin/env bash
# brownout toxiproxy as a replacement for toxiproxy-server: every route with curl, the clients from npm and PyPI, the
# configuration file, the flags and the token.
brownout=$1
source "$(dirname "$0")/lib.sh"
need curl node python3
here=$(cd "$(dirname "$0")" && pwd)
modules=$here/../../build/npm/node_modules
[ -d "$modules/toxiproxy-node-client" ] || fail "toxiproxy-node-client is missing (tests/run.sh installs it)"
[ -d "$here/../../build/pypi/toxiproxy" ] || fail "toxiproxy-python is missing (tests/run.sh installs it)"

start_echo
upstream=$echo_port
unset TOXIPROXY_AUTH_TOKEN

# api NAME [OPTION...]: starts the server, and sets $api.
api() {
  local name=$1 port
  shift
  port=$(free_port)
  start "$name" "$brownout" toxiproxy -port "$port" -seed 7 "$@"
  wait_for 10 curl -sf "http://127.0.0.1:$port/version" ||
    fail "$name: expected the API to answer within 10 s, but it does not; log: $(cat "$folder/$name.log")"
  api=http://127.0.0.1:$port
}
header() { grep -qiE "^$1" "$folder/head" || fail "response: expected the header \"$1\", got: $(cat "$folder/head")"; }

api toxiproxy
ask 200 '^\{"version": "2\.13\.0"\}$' "$api/version"
header 'content-type: application/json;charset=utf-8'
header 'x-toxiproxy-request-id: .'
ask 200 '^\{\}$' "$api/proxies"
ask 201 '"listen":"127\.0\.0\.1:[0-9]+"' -d "{\"Name\":\"p\",\"LISTEN\":\"localhost:0\",\"upstream\":\"127.0.0.1:$upstream\"}" "$api/proxies"
ask 409 '^\{"error":"proxy already exists","status":409\}$' -d "{\"name\":\"p\",\"upstream\":\"a:1\"}" "$api/proxies"
header 'content-type: text/plain; charset=utf-8'
header 'x-content-type-options: nosniff'
ask 400 'missing required field: name' -d '{"upstream":"a:1"}' "$api/proxies"
ask 400 'missing required field: upstream' -d '{"name":"a"}' "$api/proxies"
ask 400 'bad request body: ' -d 'x' "$api/proxies"
ask 400 'bad request body: ' -d '{"name":7,"upstream":"a:1"}' "$api/proxies"
ask 500 'listener q: .*Cannot assign requested address' -d '{"name":"q","listen":"192.0.2.1:1","upstream":"a:1"}' "$api/proxies"
ask 201 '"upstream":"nowhere.invalid:1"' -d '{"name":"unresolved","listen":"127.0.0.1:0","upstream":"nowhere.invalid:1"}' "$api/proxies"
ask 204 '' -X DELETE "$api/proxies/unresolved"
ask 404 'proxy not found' "$api/proxies/nobody"
for method in POST PATCH; do ask 404 'proxy not found' -X $method -d '{}' "$api/proxies/nobody"; done
ask 404 'proxy not found' -X DELETE "$api/proxies/nobody"
ask 200 '"name":"p"' "$api/proxies/p"
ask 200 '"name":"p"' -X PATCH -d '{"name":"renamed"}' "$api/proxies/p"
ask 200 '^\[\]$' "$api/proxies/p/toxics"
ask 404 'proxy not found' "$api/proxies/nobody/toxics"
ask 200 '"name":"latency_UpStream"' -d '{"type":"latency","stream":"UpStream","attributes":{"LATENCY":5,"unknown":1}}' "$api/proxies/p/toxics"
ask 409 'toxic already exists' -d '{"type":"latency","stream":"UpStream"}' "$api/proxies/p/toxics"
ask 400 'invalid toxic type' -d '{"type":"nonsense"}' "$api/proxies/p/toxics"
ask 400 'stream was invalid, can be either upstream or downstream' -d '{"type":"latency","stream":"up"}' "$api/proxies/p/toxics"
ask 400 'latency must be a whole number' -d '{"type":"latency","attributes":{"latency":1.5}}' "$api/proxies/p/toxics"
ask 400 'toxicity must be between 0 and 1' -d '{"type":"latency","toxicity":2}' "$api/proxies/p/toxics"
ask 200 '"latency":5.*"toxicity":1' "$api/proxies/p/toxics/latency_UpStream"
ask 200 '"jitter":3,"latency":5' -X PATCH -d '{"attributes":{"jitter":3},"name":"x","stream":"downstream"}' "$api/proxies/p/toxics/latency_UpStream"
ask 200 '"toxicity":0.5' -d '{"toxicity":0.5}' "$api/proxies/p/toxics/latency_UpStream"
ask 404 'toxic not found' "$api/proxies/p/toxics/nothing"
for method in POST PATCH; do ask 404 'toxic not found' -X $method -d '{}' "$api/proxies/p/toxics/nothing"; done
ask 404 'toxic not found' -X DELETE "$api/proxies/p/toxics/nothing"
ask 204 '' -X DELETE "$api/proxies/p/toxics/latency_UpStream"
ask 201 '^\{"proxies":null\}$' -d '[]' "$api/populate"
ask 400 'missing required field: name at proxy 2.*"proxies":null|"proxies":null.*at proxy 2' \
  -d '[{"name":"a","upstream":"a:1"},{"upstream":"a:1"}]' "$api/populate"
ask 204 '' -X POST "$api/reset"
ask 404 '^404 page not found$' "$api/metrics"
ask 404 '^404 page not found$' "$api/proxies/"
ask 405 '' -X PUT "$api/proxies"
ask 403 'User agent not allowed' -A 'Mozilla/5.0' "$api/proxies"
ask 403 'is refused on a loopback address' -H 'Host: attacker.example' "$api/proxies"
ask 400 '' --http1.0 -H 'Transfer-Encoding: chunked' -d '{}' "$api/proxies"
ask 204 '' -X DELETE "$api/proxies/p"
pass "every route with curl"

# A client that sends half a request does not delay others.
exec 3<>"/dev/tcp/127.0.0.1/${api##*:}"
printf 'POST /proxies HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{' >&3
ask 200 '' "$api/version"
exec 3>&-
pass "an incomplete request does not block other clients"

changes=10000
grep -qE '__(asan|tsan)_init' "$brownout" && changes=1000
PYTHONPATH=$here/../../build/pypi python3 "$here/toxiproxy_client.py" "${api##*:}" "$upstream" || fail "the Python client"
CHANGES=$changes node "$here/toxiproxy_client.js" "$modules" "$api" "$upstream" || fail "the client; $(cat "$folder/toxiproxy.log")"

cat >"$folder/config.json" <<C
[{"name": "c", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:$upstream", "enabled": true,
  "toxics": [{"type": "latency", "attributes": {"latency": 50}}]}]
C
api configured -config "$folder/config.json" -host 127.0.0.1
ask 200 '"latency":50' "$api/proxies/c"
echo '[{"name": "c"}]' >"$folder/bad.json"
code=0
"$brownout" toxiproxy -port "$(free_port)" -config "$folder/bad.json" 2>"$folder/bad.txt" || code=$?
[ "$code" = 2 ] && grep -q 'bad.json: missing required field: upstream at proxy 1' "$folder/bad.txt" || fail "a bad file: $code $(cat "$folder/bad.txt")"
"$brownout" toxiproxy -version | grep -q '2\.13\.0' || fail "no version"
pass "the configuration file and the flags"

ask 404 '404 page not found' "$api/metrics"
api metrics -proxy-metrics -runtime-metrics
ask 201 '"name":"m"' -d "{\"name\":\"m\",\"listen\":\"127.0.0.1:0\",\"upstream\":\"127.0.0.1:$upstream\"}" "$api/proxies"
front=$(sed -nE 's/.*"listen":"127\.0\.0\.1:([0-9]+)".*/\1/p' "$folder/body")
exec 3<>"/dev/tcp/127.0.0.1/$front"
printf 'hello' >&3
read -r -N 5 -t 10 echoed <&3 && [ "$echoed" = hello ] || fail "expected an echo of \"hello\" within 10 s, got: $echoed"
# The counters are updated while the connection is open.
wait_for 10 sh -c "curl -s $api/metrics | grep -q '^toxiproxy_proxy_received_bytes_total{direction=\"upstream\",listener=\"127.0.0.1:$front\",proxy=\"m\",upstream=\"127.0.0.1:$upstream\"} 5'" ||
  fail "metrics: expected a counter of 5 received bytes while the connection is open, got: $(curl -s "$api/metrics")"
ask 200 '^toxiproxy_proxy_sent_bytes_total\{direction="downstream",.*\} 5$' "$api/metrics"
ask 200 '^process_cpu_seconds_total ' "$api/metrics"
exec 3>&-
pass "live counters at /metrics"

# With a token, every route needs it: /version and /metrics too.
open_port=$(free_port)
start open "$brownout" toxiproxy -host 0.0.0.0 -port "$open_port"
wait_for 10 curl -sf "http://127.0.0.1:$open_port/version" || fail "no API: $(cat "$folder/open.log")"
grep -q 'other machines can use the API at 0.0.0.0:[0-9]* without a token: set TOXIPROXY_AUTH_TOKEN' "$folder/open.log" ||
  fail "no warning: $(cat "$folder/open.log")"
grep -q 'without a token' "$folder/toxiproxy.log" && fail "a warning on loopback: $(cat "$folder/toxiproxy.log")"
blank_port=$(free_port)
start blank env TOXIPROXY_AUTH_TOKEN=' ' "$brownout" toxiproxy -host 127.0.0.1 -port "$blank_port"
wait_for 10 curl -sf "http://127.0.0.1:$blank_port/version" || fail "no API: $(cat "$folder/blank.log")"
grep -q 'TOXIPROXY_AUTH_TOKEN is set, but blank, so the API requires no token' "$folder/blank.log" ||
  fail "a blank token: expected a warning, got: $(cat "$folder/blank.log")"
port=$(free_port)
start token env TOXIPROXY_AUTH_TOKEN=' 3b5f secret ' "$brownout" toxiproxy -host 0.0.0.0 -port "$port" -proxy-metrics
token=(-H 'Authorization: Bearer 3b5f secret')
api=http://127.0.0.1:$port
wait_for 10 curl -sf "${token[@]}" "$api/version" || fail "no API: $(cat "$folder/token.log")"
for path in version proxies metrics proxies/p/toxics; do
  ask 401 '^\{"error":"missing or invalid auth token","status":401\}$' "$api/$path"
  header 'www-authenticate: bearer'
  ask 401 'missing or invalid auth token' -H 'Authorization: Bearer 3b5f' "$api/$path"
done
ask 403 'User agent not allowed' -A 'Mozilla/5.0' "$api/version"
ask 404 '^404 page not found$' "$api/nothing"
ask 401 'missing or invalid auth token' -X POST "$api/reset"
ask 201 '"name":"t"' "${token[@]}" -d "{\"name\":\"t\",\"listen\":\"127.0.0.1:0\",\"upstream\":\"127.0.0.1:$upstream\"}" "$api/proxies"
ask 200 '' "${token[@]}" "$api/metrics"
grep -q 'without a token' "$folder/token.log" && fail "a warning in spite of a token: $(cat "$folder/token.log")"
pass "the token, and the warning without one"
