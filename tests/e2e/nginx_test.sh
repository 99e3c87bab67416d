#!/usr/bin/env bash
# Tests nginx, curl and wrk with a TCP listener: without rules nothing changes, and with faults curl
# reports their effect.
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
curl_fails() { # CODES WHAT ARGS...: checks that curl ends with one of CODES.
  local code=0
  get "${@:3}" -o "$folder/out" 2>"$folder/curl.err" || code=$?
  [[ " $1 " == *" $code "* ]] || fail "$2: expected curl to end with one of ($1), got $code: $(cat "$folder/curl.err")"
  pass "$2"
}

proxy plain "$port"
get "http://127.0.0.1:$port/hello" -D "$folder/direct" -o "$folder/a"
get "http://127.0.0.1:$proxy_port/hello" -D "$folder/through" -o "$folder/b"
diff <(grep -v '^Date' "$folder/direct") <(grep -v '^Date' "$folder/through") ||
  fail "TCP without rules: expected the same headers as without the proxy, got the difference above"
cmp "$folder/a" "$folder/b"
get "http://127.0.0.1:$proxy_port/big" | cmp - "$folder/files/big" ||
  fail "a large file over HTTP/1.1: expected the same bytes as the original, got different ones"
get "http://127.0.0.1:$proxy_port/big" --http1.0 | cmp - "$folder/files/big" ||
  fail "a large file over HTTP/1.0: expected the same bytes as the original, got different ones"
wrk -t1 -c32 -d2 "http://127.0.0.1:$proxy_port/hello" >"$folder/wrk"
if grep -E 'Socket errors|Non-2xx' "$folder/wrk"; then fail "wrk: expected no errors, got those above"; fi
grep -q 'Requests/sec' "$folder/wrk" || fail "wrk: expected a number of requests per second, got: $(cat "$folder/wrk")"
[ ! -s "$folder/plain.jsonl" ] || fail "TCP without rules: expected no events, got: $(cat "$folder/plain.jsonl")"
pass "no rules: nothing differs, wrk has no errors"

proxy latency "$port" '[[rule]]
match = { direction = "downstream" }
fault = { type = "latency", delay = "200ms" }'
took=$(get "http://127.0.0.1:$proxy_port/hello" -o /dev/null -w '%{time_total}')
at_least "$took" 0.2 || fail "latency: expected a response after 0.2 s or more, got one after $took s"
get "http://127.0.0.1:$proxy_port/mega" | cmp - "$folder/files/mega"
wait_for 5 grep -q '"action":"delay"' "$folder/latency.jsonl" || fail "latency: expected an event of the delay, got: $(cat "$folder/latency.jsonl")"
pass "latency: curl waits"

proxy bandwidth "$port" '[[rule]]
match = { direction = "downstream" }
fault = { type = "bandwidth", rate = "2 MB/s" }'
took=$(get "http://127.0.0.1:$proxy_port/mega" -o "$folder/out" -w '%{time_total}')
cmp "$folder/out" "$folder/files/mega"
at_least "$took" 0.5 || fail "bandwidth: expected 1 MB at 2 MB/s to take 0.5 s or more, but it took $took s"
pass "bandwidth: 1 MB at 2 MB/s takes half a second"

proxy limit "$port" '[[rule]]
match = { direction = "downstream" }
fault = { type = "limit_data", bytes = "64 KiB" }'
curl_fails 18 "limit_data: a transfer breaks off (curl 18)" "http://127.0.0.1:$proxy_port/mega"
[ "$(stat -c %s "$folder/out")" -lt 65536 ] || fail "limit_data: expected fewer than 65536 bytes, got $(stat -c %s "$folder/out")"

proxy reset "$port" '[[rule]]
match = { direction = "downstream" }
fault = { type = "reset", after_bytes = "10 KB" }'
curl_fails 56 "reset: connection reset by peer (curl 56)" "http://127.0.0.1:$proxy_port/mega"

proxy refuse "$port" '[[rule]]
match = { first = 2 }
fault = { type = "refuse" }'
listens "$proxy_port" || true # makes the first connection, which the rule refuses
# If the RST arrives before curl checks its connection, curl reports "could not connect" (7).
curl_fails "55 56 7" "refuse: the second connection is reset" "http://127.0.0.1:$proxy_port/hello"
[ "$(get "http://127.0.0.1:$proxy_port/hello")" = hello ] || fail "refuse with first = 2: expected the third connection to work, but it did not"

proxy down "$port"
rule_file "$port" "$proxy_port" '[[rule]]
fault = { type = "down" }' >"$folder/down.toml"
wait_for 10 grep -q 'listener front: a rule with the fault down has closed the port' "$folder/down.log" ||
  fail "down: expected the listener to close within 10 s, but it did not; log: $(cat "$folder/down.log")"
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
rm "$folder/out"  # The previous test left this file, which must not be taken for the new download.
get "http://127.0.0.1:$proxy_port/mega" -o "$folder/out" || fail "corrupt: expected the file to arrive, but curl failed with exit code $?"
[ "$(stat -c %s "$folder/out")" = 1000000 ] || fail "corrupt: expected 1000000 bytes, got $(stat -c %s "$folder/out")"
if cmp -s "$folder/out" "$folder/files/mega"; then fail "corrupt: expected changed bytes, but the file is unchanged"; fi
pass "corrupt: the file differs"
