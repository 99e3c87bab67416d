#!/usr/bin/env bash
# nginx, curl and wrk over a TCP listener: without rules nothing changes; with faults curl reports their effect.
brownout=$1
source "$(dirname "$0")/lib.sh"
need nginx curl wrk cmp

port=$(free_port)
mkdir "$folder/files"
head -c 50000000 /dev/urandom >"$folder/files/big"
head -c 1000000 /dev/urandom >"$folder/files/mega"
echo "hello" >"$folder/files/hello"
start_nginx "$port" "server { listen 127.0.0.1:$port; root $folder/files; }"

get() { curl -sS --max-time 20 "$@"; }
curl_fails() { # EXPECTED_CODES WHAT ARGS...
  local code=0
  get "${@:3}" -o "$folder/out" 2>"$folder/curl.err" || code=$?
  [[ " $1 " == *" $code "* ]] || fail "$2: curl ended with $code, not $1: $(cat "$folder/curl.err")"
  pass "$2"
}

proxy plain "$port"
get "http://127.0.0.1:$port/hello" -D "$folder/direct" -o "$folder/a"
get "http://127.0.0.1:$proxy_port/hello" -D "$folder/through" -o "$folder/b"
diff <(grep -v '^Date' "$folder/direct") <(grep -v '^Date' "$folder/through") || fail "headers differ"
cmp "$folder/a" "$folder/b"
get "http://127.0.0.1:$proxy_port/big" | cmp - "$folder/files/big" || fail "a large file differs"
get "http://127.0.0.1:$proxy_port/big" --http1.0 | cmp - "$folder/files/big" || fail "a large file differs over HTTP/1.0"
wrk -t1 -c32 -d2 "http://127.0.0.1:$proxy_port/hello" >"$folder/wrk"
if grep -E 'Socket errors|Non-2xx' "$folder/wrk"; then fail "wrk saw errors"; fi
grep -q 'Requests/sec' "$folder/wrk" || fail "wrk did not run"
[ ! -s "$folder/plain.jsonl" ] || fail "events without rules"
pass "no rules: nothing differs, wrk has no errors"

proxy latency "$port" '[[rule]]
match = { direction = "downstream" }
fault = { type = "latency", delay = "200ms" }'
took=$(get "http://127.0.0.1:$proxy_port/hello" -o /dev/null -w '%{time_total}')
at_least "$took" 0.2 || fail "latency: $took s"
get "http://127.0.0.1:$proxy_port/mega" | cmp - "$folder/files/mega"
wait_for 5 grep -q '"action":"delay"' "$folder/latency.jsonl" || fail "no event for the delay"
pass "latency: curl waits"

proxy bandwidth "$port" '[[rule]]
match = { direction = "downstream" }
fault = { type = "bandwidth", rate = "2 MB/s" }'
took=$(get "http://127.0.0.1:$proxy_port/mega" -o "$folder/out" -w '%{time_total}')
cmp "$folder/out" "$folder/files/mega"
at_least "$took" 0.5 || fail "bandwidth: 1 MB at 2 MB/s took $took s"
pass "bandwidth: 1 MB at 2 MB/s takes half a second"

proxy limit "$port" '[[rule]]
match = { direction = "downstream" }
fault = { type = "limit_data", bytes = "64 KiB" }'
curl_fails 18 "limit_data: a transfer breaks off (curl 18)" "http://127.0.0.1:$proxy_port/mega"
[ "$(stat -c %s "$folder/out")" -lt 65536 ] || fail "more than the limit arrived"

proxy reset "$port" '[[rule]]
match = { direction = "downstream" }
fault = { type = "reset", after_bytes = "10 KB" }'
curl_fails 56 "reset: connection reset by peer (curl 56)" "http://127.0.0.1:$proxy_port/mega"

proxy refuse "$port" '[[rule]]
match = { first = 2 }
fault = { type = "refuse" }'
listens "$proxy_port" || true # the first connection
# A RST that is there before curl looks at its connect counts as "could not connect" (7).
curl_fails "56 7" "refuse: the second connection is reset" "http://127.0.0.1:$proxy_port/hello"
[ "$(get "http://127.0.0.1:$proxy_port/hello")" = hello ] || fail "the third connection must work"

proxy down "$port"
rule_file "$port" "$proxy_port" '[[rule]]
fault = { type = "down" }' >"$folder/down.toml"
wait_for 10 grep -q 'listener front: down' "$folder/down.log" || fail "the listener did not go down"
curl_fails 7 "down: connection refused (curl 7)" "http://127.0.0.1:$proxy_port/hello"

proxy timeout "$port" '[[rule]]
match = { direction = "upstream" }
fault = { type = "timeout", close_after = "300ms" }'
curl_fails 52 "timeout: empty reply (curl 52)" "http://127.0.0.1:$proxy_port/hello"

proxy unplug "$port" '[[rule]]
fault = { type = "unplug" }'
curl_fails 28 "unplug: nothing, until curl's own time-out (28)" --max-time 1 "http://127.0.0.1:$proxy_port/hello"

proxy corrupt "$port" '[[rule]]
match = { direction = "downstream" }
fault = { type = "corrupt", chance = "0.01%" }'
rm "$folder/out"  # of the test before: it must not stand in for what arrives now
get "http://127.0.0.1:$proxy_port/mega" -o "$folder/out" || fail "corrupt: the file did not arrive"
[ "$(stat -c %s "$folder/out")" = 1000000 ] || fail "corrupt: bytes are missing"
if cmp -s "$folder/out" "$folder/files/mega"; then fail "corrupt changed nothing"; fi
pass "corrupt: the file differs"
