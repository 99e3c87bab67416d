#!/usr/bin/env bash
# Tests HTTP faults with nginx and curl, which reports the result of each rule. Without rules
# nothing changes.
brownout=$1
source "$(dirname "$0")/lib.sh"
need nginx curl wrk cmp

port=$(free_port)
mkdir "$folder/files"
head -c 20000000 /dev/urandom >"$folder/files/big"
echo "hello" >"$folder/files/hello"
start_nginx "$port" "
  log_format seen '\$request_method \$uri \$http_x_envoy_fault_abort_request \$http_x_added';
  client_max_body_size 0;
  server {
    listen 127.0.0.1:$port;
    access_log $folder/access.log seen;
    root $folder/files;
    location /echo { client_body_buffer_size 64m; proxy_pass http://127.0.0.1:$port/upload; }
    lingering_time 10m;  # nginx answers an upload at once, and closes after this time
    location /upload { return 200 'thanks\n'; }
    location /gone { return 410; }
  }"
http='protocol = "http"'

get() { curl -sS --max-time 60 "$@"; }
fails() { # CODES WHAT ARGS...: checks that curl ends with one of CODES.
  local code=0
  get "${@:3}" -o "$folder/out" 2>"$folder/curl.err" || code=$?
  [[ " $1 " == *" $code "* ]] || fail "$2: expected curl to end with one of ($1), got $code: $(cat "$folder/curl.err")"
  pass "$2"
}

proxy plain "$port" "" "$http"
url=http://127.0.0.1:$proxy_port
get "http://127.0.0.1:$port/hello" -D "$folder/direct" -o "$folder/a"
get "$url/hello" -D "$folder/through" -o "$folder/b"
diff <(grep -v '^Date' "$folder/direct") <(grep -v '^Date' "$folder/through") ||
  fail "HTTP without rules: expected the same headers as without the proxy, got the difference above"
cmp "$folder/a" "$folder/b"
get "$url/big" | cmp - "$folder/files/big" || fail "a large file over HTTP/1.1: expected the same bytes as the original, got different ones"
get "$url/big" --http1.0 | cmp - "$folder/files/big" || fail "a large file over HTTP/1.0: expected the same bytes as the original, got different ones"
[ "$(get -T "$folder/files/big" "$url/echo")" = thanks ] || fail "an upload: expected the server's response \"thanks\", got another one"
[ "$(get -H 'Transfer-Encoding: chunked' -d @"$folder/files/big" "$url/echo")" = thanks ] ||
  fail "a chunked upload: expected the server's response \"thanks\", got another one"
[ "$(get -H 'Expect: 100-continue' -d hello "$url/echo")" = thanks ] ||
  fail "an upload with Expect: 100-continue: expected the server's response \"thanks\", got another one"
[ "$(get "$url/hello" "$url/hello" -o - --next -I "$url/hello" -o /dev/null | grep -c hello)" = 2 ] ||
  fail "three requests on one connection: expected two bodies \"hello\", got another number"
wrk -t1 -c32 -d2 "$url/hello" >"$folder/wrk"
if grep -E 'Socket errors|Non-2xx' "$folder/wrk"; then fail "wrk: expected no errors, got those above"; fi
[ ! -s "$folder/plain.jsonl" ] || fail "HTTP without rules: expected no events, got: $(cat "$folder/plain.jsonl")"
pass "no rules: nothing differs, wrk has no errors"

# Memory: a body of 5 GB passes without being buffered. Only anonymous memory is measured, because
# the kernel loads and drops pages of the program file. A sanitizer's own memory is many times
# larger, so the limit does not apply there.
sanitized() { grep -qE '__(asan|tsan)_init' "$brownout"; }
own() { awk '/^RssAnon/ { print $2 }' "/proc/$last_pid/status"; }
before=$(own)
most=$before
head -c 5000000000 /dev/zero | get -T - "$url/upload" -o /dev/null &
upload=$!
while kill -0 "$upload" 2>/dev/null; do
  held=$(own)
  most=$((held > most ? held : most))
  sleep 0.05
done
wait "$upload" || fail "an upload of 5 GB: expected it to succeed, but it failed with exit code $?"
# The allocator keeps some pages that are free.
[ $((most - before)) -lt 4096 ] || sanitized ||
  fail "an upload of 5 GB: expected less than 4096 KiB of additional memory, got $((most - before)) KiB: $((most - before)) KiB were held: $(cat "/proc/$last_pid/status")"
pass "5 GB pass, $((most - before)) KiB are held"

proxy faults "$port" '
[[rule]]
match = { path = "/abort" }
fault = { type = "abort", status = 503, headers = { retry-after = 7 }, body = "no" }
[[rule]]
match = { path = "/slow" }
fault = { type = "delay", delay = "300ms" }
[[rule]]
match = { path = "/big", query = "rate" }
fault = { type = "response_rate", rate = "40 MB/s" }
[[rule]]
match = { path = "/big", query = "cut", direction = "downstream" }
fault = { type = "truncate_body", after = "1 MB" }
[[rule]]
match = { path = "/big", query = "rst", direction = "downstream" }
fault = { type = "truncate_body", after = "1 MB", close = "rst" }
[[rule]]
match = { path = "/big", query = "flip", direction = "downstream" }
fault = { type = "corrupt_body", chance = "0.001%" }
[[rule]]
match = { path = "/big", query = "stall", direction = "downstream" }
fault = { type = "stall_mid_body", after = "1 MB" }
[[rule]]
match = { query = "add" }
fault = { type = "rewrite_header", set = { x-added = "yes" } }
[[rule]]
match = { query = "replace", direction = "downstream" }
fault = { type = "replace_body", body = "replaced" }
[[rule]]
match = { query = "status_line" }
fault = { type = "malformed", what = "status_line" }
[[rule]]
match = { query = "chunk" }
fault = { type = "malformed", what = "chunk_length" }
[[rule]]
match = { query = "length" }
fault = { type = "malformed", what = "content_length" }
[[rule]]
match = { query = "noend" }
fault = { type = "malformed", what = "head_without_end" }
[[rule]]
match = { query = "crash" }
fault = { type = "close_before_response" }
[[rule]]
match = { query = "headers" }
fault = { type = "close_after_headers" }
[[rule]]
match = { query = "lost" }
fault = { type = "drop_response" }
[[rule]]
match = { query = "twice" }
fault = { type = "duplicate_request" }
[[rule]]
match = { path = "/moved" }
fault = { type = "redirect", location = "/hello", keep_path = false }
[[rule]]
match = { path = "/limited" }
fault = { type = "rate_limit", rate = "1/h" }
[[rule]]
match = { status = 410 }
fault = { type = "replace_body", body = "long gone" }
[[rule]]
match = { path = "/envoy" }
fault = { type = "envoy_headers" }
' "$http"
url=http://127.0.0.1:$proxy_port
[ "$(get "$url/abort" -w ' %{http_code}')" = "no 503" ] || fail "abort: expected the body \"no\" and the status 503, got another response"
took=$(get "$url/slow" -o /dev/null -w '%{time_starttransfer}')
at_least "$took" 0.3 || fail "delay: expected a response after 0.3 s or more, got one after $took s"
took=$(get "$url/big?rate" -o "$folder/out" -w '%{time_total}')
cmp "$folder/out" "$folder/files/big" || fail "response_rate: expected an unchanged body, got a different one"
at_least "$took" 0.5 || fail "response_rate: expected 20 MB at 40 MB/s to take 0.5 s or more, but they took $took s"
fails 18 "truncate_body: partial file (curl 18)" "$url/big?cut"
[ "$(stat -c %s "$folder/out")" = 1000000 ] || fail "truncate_body: expected exactly 1000000 bytes, got $(stat -c %s "$folder/out")"
fails 56 "truncate_body: reset (curl 56)" "$url/big?rst"
get "$url/big?flip" -o "$folder/out"
[ "$(stat -c %s "$folder/out")" = 20000000 ] || fail "corrupt_body: expected the original length of 20000000 bytes, got $(stat -c %s "$folder/out")"
if cmp -s "$folder/out" "$folder/files/big"; then fail "corrupt_body: expected changed bytes, but the body is unchanged"; fi
fails 28 "stall_mid_body: nothing more, until curl's own time-out (28)" --max-time 1 "$url/big?stall"
get "$url/hello?add" -D "$folder/head" -o /dev/null
grep -q '^x-added: yes' "$folder/head" || fail "rewrite_header: expected the header x-added: yes in the response, got: $(cat "$folder/head")"
# nginx writes a line after it has sent the response.
wait_for 10 grep -q 'GET /hello - yes' "$folder/access.log" ||
  fail "rewrite_header: expected the added header in the server's access log, got: $(tail -5 "$folder/access.log")"
[ "$(get "$url/hello?replace")" = replaced ] || fail "replace_body: expected the body \"replaced\", got another one"
fails 1 "malformed status line (curl 1)" "$url/hello?status_line"
fails "43 56" "malformed chunk length (curl 43 or 56, by version)" "$url/hello?chunk"
fails 18 "wrong content-length (curl 18)" "$url/hello?length"
fails "8 18 52 56" "head without end" "$url/hello?noend"
fails 52 "close_before_response: empty reply (curl 52)" "$url/hello?crash"
fails 18 "close_after_headers (curl 18)" "$url/hello?headers"
fails 28 "drop_response: silence (curl 28)" --max-time 1 "$url/hello?lost"
[ "$(get "$url/hello?twice")" = hello ] || fail "duplicate_request: expected the response \"hello\", got another one"
[ "$(get -L "$url/moved")" = hello ] || fail "redirect: expected the response \"hello\" after the redirection, got another one"
[ "$(get "$url/limited" -o /dev/null -w '%{http_code}') $(get "$url/limited" -o /dev/null -w '%{http_code}')" = "404 429" ] ||
  fail "rate_limit: expected the statuses 404 and 429, got others"
[ "$(get "$url/gone" -w ' %{http_code}')" = "long gone 410" ] ||
  fail "match by status: expected the body \"long gone\" and the status 410, got another response"
[ "$(get "$url/envoy" -H 'x-envoy-fault-abort-request: 418' -o /dev/null -w '%{http_code}')" = 418 ] ||
  fail "envoy_headers: expected the status 418 that the request's header asks for, got another one"
get "$url/envoy" -H 'x-envoy-fault-abort-request: 9' -o /dev/null
wait_for 10 grep -q 'GET /envoy - -' "$folder/access.log" ||
  fail "envoy_headers: expected the server to receive the request without the fault headers, got: $(tail -5 "$folder/access.log")"
faults_port=$proxy_port
pass "abort, delay, rewriting, replacing, redirect, rate limit, status, Envoy's headers"

proxy messages "$port" '
[[rule]]
match = { query = "drop" }
fault = { type = "drop" }
[[rule]]
match = { query = "ack" }
fault = { type = "ack_loss" }
[[rule]]
match = { query = "reject" }
fault = { type = "reject", text = "full" }
[[rule]]
match = { query = "replace", direction = "downstream" }
fault = { type = "replace", text = "other" }
[[rule]]
match = { query = "cut", direction = "downstream" }
fault = { type = "truncate_message", after = "2 B" }
[[rule]]
match = { query = "twice" }
fault = { type = "duplicate", share = "100%" }
[[rule]]
match = { query = "later" }
fault = { type = "hold_until", passes = { query = "now", status = 200 } }' "$http"
url=http://127.0.0.1:$proxy_port
fails 28 "drop: silence (curl 28)" --max-time 1 "$url/hello/never?drop"
if grep -q 'never' "$folder/access.log"; then fail "drop: expected the server not to receive the request, but its access log has it"; fi
fails 28 "ack_loss: silence (curl 28)" --max-time 1 "$url/unheard?ack"
wait_for 10 grep -q 'GET /unheard' "$folder/access.log" || fail "ack_loss: expected the server to receive the request, but its access log lacks it"
[ "$(get "$url/hello?reject" -w ' %{http_code}')" = "full 503" ] || fail "reject: expected the body \"full\" and the status 503, got another response"
[ "$(get "$url/hello?replace")" = other ] || fail "replace: expected the body \"other\", got another one"
fails 18 "truncate_message (curl 18)" "$url/hello?cut"
[ "$(get "$url/hello/again?twice" -o /dev/null -w '%{http_code}')" = 404 ] || fail "duplicate: expected the status 404, got another one"
seen_twice() { [ "$(grep -c 'GET /hello/again' "$folder/access.log")" = 2 ]; }
wait_for 5 seen_twice || fail "duplicate: expected the server to receive the request twice, but it did not"
get "$url/hello?later" >"$folder/later.txt" &
later=$!
wait_for 10 grep -q '"action":"hold"' "$folder/messages.jsonl" ||
  fail "hold_until: expected an event of a held request, got: $(cat "$folder/messages.jsonl")"
get "$url/missing?now" -o /dev/null
[ ! -s "$folder/later.txt" ] || fail "hold_until: expected the request to be held, but its response arrived"
[ "$(get "$url/hello?now")" = hello ] || fail "hold_until: expected the awaited request to pass, but it got no response \"hello\""
wait "$later"
[ "$(cat "$folder/later.txt")" = hello ] ||
  fail "hold_until: expected the held request to pass after the awaited one, got: $(cat "$folder/later.txt")"
pass "message faults act on requests: drop, ack_loss, reject, replace, truncate_message, duplicate, hold_until"

exec 3<>"/dev/tcp/127.0.0.1/$faults_port"
printf 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' >&3
head -1 <&3 | grep -q '400 Bad Request' || fail "a smuggled request: expected the status 400, got another response"
exec 3<&-
wait_for 5 grep -q '"event":"refused"' "$folder/faults.jsonl" ||
  fail "a smuggled request: expected an event of the refusal, got: $(tail -5 "$folder/faults.jsonl")"
pass "smuggling is refused with 400 and an event"

# Faults of requests act before faults of bytes, whatever the order of the file. The check of the
# file and the API warn about it.
refused='[[rule]]
name = "refused"
fault = { type = "abort", grpc_status = 14 }'
slow='[[rule]]
name = "slow"
fault = { type = "latency", delay = "1ms" }'
rule_file 9 0 "$slow
$refused" "$http" >"$folder/order.toml"
"$brownout" check "$folder/order.toml" >"$folder/order.txt" 2>&1 || fail "check with a warning: expected exit code 0, got $?: $(cat "$folder/order.txt")"
grep -q 'order.toml:[0-9]*:1: warning: rule "refused" acts before rule "slow" at listener "front"' "$folder/order.txt" ||
  fail "check of rules in another order: expected a warning, got: $(cat "$folder/order.txt")"
api=$(free_port)
rule_file 9 "$(free_port)" "$slow" "$http" >"$folder/live.toml"
start live "$brownout" run "$folder/live.toml" --api "127.0.0.1:$api" --drain 0s
wait_port "$api"
ask 201 '' -X POST -H 'Content-Type: application/json' -d '{"name":"later","fault":{"type":"abort","grpc_status":14}}' "http://127.0.0.1:$api/api/v1/rules"
wait_for 5 grep -q 'API: rule "later" acts before rule "slow" at listener "front"' "$folder/live.log" ||
  fail "rules in another order through the API: expected a warning in the log, got: $(cat "$folder/live.log")"
printf '\n%s\n' "$refused" >>"$folder/live.toml"
wait_for 5 grep -q 'warning: rule "refused" acts before rule "slow" at listener "front"' "$folder/live.log" ||
  fail "rules in another order after a reload: expected a warning in the log, got: $(cat "$folder/live.log")"
pass "rules that act in another order than the file's cause a warning"
