#!/usr/bin/env bash
# Tests faults on HTTP/2: a fault of a request acts on one stream, and the other streams of the
# connection go on. Halting and reloading act on streams that are open.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/http2_lib.sh"
need node curl openssl ss

start_http2_server
rules() { cat <<'E'
[[rule]]
name = "no"
match = { query = "abort" }
fault = { type = "abort", status = 503, headers = { retry-after = 7 }, body = "no" }
[[rule]]
match = { query = "delay" }
fault = { type = "delay", delay = "600ms" }
[[rule]]
match = { query = "cut", direction = "downstream" }
fault = { type = "truncate_body", after = "1 MB" }
[[rule]]
match = { query = "cut_rst", direction = "downstream" }
fault = { type = "truncate_body", after = "1 MB", close = "rst" }
[[rule]]
match = { query = "cut_up", direction = "upstream" }
fault = { type = "truncate_body", after = "1 MB" }
[[rule]]
match = { query = "crash" }
fault = { type = "close_before_response" }
[[rule]]
match = { query = "crash_rst" }
fault = { type = "close_before_response", close = "rst" }
[[rule]]
match = { query = "headers" }
fault = { type = "close_after_headers" }
[[rule]]
match = { query = "stall", direction = "downstream" }
fault = { type = "stall_mid_body", after = "1 MB" }
[[rule]]
match = { query = "*&rate" }
fault = { type = "response_rate", rate = "200 KB/s" }
[[rule]]
match = { query = "edit", status = 200, content_type = "application/json" }
fault = { type = "edit_body", set = { "/price" = 0 } }
[[rule]]
match = { query = "replace", direction = "downstream" }
fault = { type = "replace_body", body = "replaced" }
[[rule]]
match = { query = "flip", direction = "downstream" }
fault = { type = "corrupt_body", chance = "0.001%" }
[[rule]]
match = { query = "add" }
fault = { type = "rewrite_header", set = { x-added = "yes" } }
[[rule]]
match = { query = "moved" }
fault = { type = "redirect", location = "/else", keep_path = false }
[[rule]]
match = { query = "envoy" }
fault = { type = "envoy_headers" }
[[rule]]
match = { query = "gone" }
fault = { type = "replace_status", status = 410 }
[[rule]]
match = { query = "limited", listener = "to1" }
fault = { type = "rate_limit", rate = "1/h", burst = 2 }
[[rule]]
match = { query = "limited", listener = "to2" }
fault = { type = "rate_limit", rate = "1/h", burst = 2 }
[[rule]]
match = { query = "drop" }
fault = { type = "drop" }
[[rule]]
match = { query = "ack" }
fault = { type = "ack_loss" }
[[rule]]
match = { query = "lost" }
fault = { type = "drop_response" }
[[rule]]
match = { query = "reject" }
fault = { type = "reject", text = "full" }
[[rule]]
match = { query = "twice" }
fault = { type = "duplicate_request" }
[[rule]]
match = { query = "later" }
fault = { type = "hold_until", passes = { query = "now", status = 200 } }
[[rule]]
match = { query = "status_line" }
fault = { type = "malformed", what = "status_line" }
[[rule]]
match = { query = "chunk_length" }
fault = { type = "malformed", what = "chunk_length" }
[[rule]]
match = { query = "content_length" }
fault = { type = "malformed", what = "content_length" }
[[rule]]
name = "forever"
match = { query = "forever" }
fault = { type = "delay", delay = "1h" }
[[rule]]
name = "crawl"
match = { query = "*crawl" }
fault = { type = "response_rate", rate = "1 KB/s" }
[[rule]]
match = { text = "lost", direction = "upstream" }
fault = { type = "drop" }
[[rule]]
match = { text = "close me", direction = "upstream" }
fault = { type = "close_websocket", code = 1012, reason = "service restart" }
[[rule]]
match = { listener = "late", direction = "downstream" }
fault = { type = "latency", delay = "300ms" }
E
}
listeners="version = 1
seed = 7
$(upstream h1 "$h1" 'http = "1"')
$(upstream h2 "$h2" 'http = "2"')
$(listener to1 h1)
$(listener to2 h2)
$(listener late h2)
$(listener ws1 h1 'protocol = "websocket"')
$(listener ws2 h2 'protocol = "websocket"')"
run_brownout brownout <<<"$listeners
$(rules)"

all=(abort delay truncate truncate_upload close_before close_after_headers stall rate edit corrupt headers limit lost reject twice hold malformed parallel)
checks "to HTTP/1" 1.1 to1 http2_fault_checks "${all[@]}"
checks "to HTTP/2" 2.0 to2 http2_fault_checks "${all[@]}"
checks "messages of a WebSocket, to HTTP/1" 1.1 ws1 http2_fault_checks websocket
checks "messages of a WebSocket, to HTTP/2" 2.0 ws2 http2_fault_checks websocket
# A connection to a server that has ended is closed, even if a fault still held a stream of it.
checks "a server leaves while streams wait, to HTTP/1" 1.1 to1 http2_fault_checks server_leaves
checks "a server leaves while streams wait, to HTTP/2" 2.0 to2 http2_fault_checks server_leaves
wait_for 3 none_half_closed || fail "a server leaves: expected that its connections are closed, got: $(half_closed)"
pass "no connection to a server that has left remains"
# The copies of duplicate_request have arrived.
twice() { [ "$(grep -c '/hello?twice' "$folder/server.log")" = 4 ] && [ "$(grep -c '/upload?twice' "$folder/server.log")" = 4 ]; }
wait_for 5 twice || fail "duplicate_request: expected each request twice at the server, got: $(grep twice "$folder/server.log")"
if grep -qE '/hello\?(drop|abort|reject)' "$folder/server.log"; then fail "drop, abort, reject: expected that the server gets no such request"; fi
grep -q '/hello?ack' "$folder/server.log" || fail "ack_loss: expected that the server gets the request"
pass "the server gets what it should"

# A fault of bytes acts on the whole connection.
ask 200 hello --http2-prior-knowledge "http://127.0.0.1:$(port_of late)/hello" -w '%{http_code}'
took=$(curl -s --http2-prior-knowledge -o /dev/null -w '%{time_starttransfer}' "http://127.0.0.1:$(port_of late)/hello")
at_least "$took" 0.3 || fail "latency: expected the response after 0.3 s or more, got it after $took s"
pass "latency of the connection"

# Another program that reads exit codes: curl.
for code in 0:hello 92:hello?crash 92:big?cut 92:big?headers; do
  got=0
  curl -s --max-time 5 --http2-prior-knowledge -o /dev/null "http://127.0.0.1:$(port_of to2)/${code#*:}" || got=$?
  [ "$got" = "${code%:*}" ] || fail "curl, ${code#*:}: expected exit code ${code%:*}, got $got"
done
pass "curl: a broken stream is error 92"

# The tools say what rules did to each stream.
"$brownout" ctl why --path /hello --json >"$folder/why"
grep -q '"rule":"no",.*"listener":"to2".*"request":[0-9]*,"method":"POST","host":"[^"]*","path":"/hello","status":503' "$folder/why" || fail "ctl why: expected the aborted request, got: $(cut -c1-400 "$folder/why")"
count=$(grep -c '"rule":"no"' "$folder/brownout.jsonl")
matched=$(curl -s "http://127.0.0.1:$api/metrics" | sed -n 's/^brownout_faults_injected_total{rule="no",fault="abort"} //p')
[ "$count" = "$matched" ] && [ "$count" = 30 ] || fail "abort: expected 30 events and the same in metrics, got $count and $matched"
curl -s --http2-prior-knowledge "http://127.0.0.1:$(port_of to2)/big?crawl" -o /dev/null --max-time 5 &
slow=$!
one_flow() { [[ $("$brownout" ctl flows --json) == *'"total":1,'*'"listener":"to2"'*'"destination":"127.0.0.1:'* ]]; }
wait_for 3 one_flow || fail "ctl flows: expected one flow with its server, got: $("$brownout" ctl flows --json)"
kill "$slow"
wait "$slow" 2>/dev/null || true
pass "ctl why, ctl flows, events, metrics"

# Halt and reload while streams are open. open CHECK starts a client whose stream is under a fault.
open() {
  rm -f "$folder/open"
  node "$(dirname "$0")/http2_fault_checks.js" "http://127.0.0.1:$(port_of "$1")" "$folder/big" "$2" >"$folder/open" 2>&1 &
  client=$!
  wait_for 5 grep -q waiting "$folder/open" || fail "$2: expected an open stream, got: $(cat "$folder/open")"
}
ends() { wait "$client" || fail "$1: expected that the stream goes on and ends, got: $(cat "$folder/open")"; }
for name in to1 to2; do
  for check in open_delay open_rate; do
    open $name $check
    "$brownout" ctl halt >/dev/null
    ends "halt, $check, $name"
    "$brownout" ctl resume >/dev/null
    open $name $check
    { echo "$listeners"; rules | sed 's/"forever" }/"not forever" }/; s/"\*crawl" }/"*not crawl" }/'; } >"$folder/next.toml"
    mv "$folder/next.toml" "$folder/brownout.toml"
    ends "reload, $check, $name"
    { echo "$listeners"; rules; } >"$folder/next.toml"
    mv "$folder/next.toml" "$folder/brownout.toml"
    back() { listed=$("$brownout" ctl rules --json) && [[ $listed == *'"forever"'* && $listed != *'not forever'* ]]; }
    wait_for 5 back || fail "reload: expected the rules back, got: $("$brownout" ctl rules --json | cut -c1-300)"
  done
done
alive "halt and reload" brownout
pass "halt and reload act on open streams"
