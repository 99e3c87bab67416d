#!/usr/bin/env bash
# Tests WebSocket faults with real clients and servers: the npm library ws on both sides, and a page
# in Chromium.
brownout=$1
source "$(dirname "$0")/lib.sh"
need node chromium
export NODE_PATH=/usr/share/nodejs
peers=$(dirname "$0")/websocket_peers.js

port=$(free_port)
start server node "$peers" server "$port"
wait_port "$port"
websocket='protocol = "websocket"'
client() { timeout 20 node "$peers" client "ws://127.0.0.1:$proxy_port/ws" "$@"; }
expect() { # NAME EXPECTED GOT: fails if the two texts differ.
  [ "$2" = "$3" ] || fail "$1: expected
$2
but got
$3"
  pass "$1"
}

proxy plain "$port" "" "$websocket"
steps=(say:hello big:3000000 ping say:bye lines:4)
for deflate in plain deflate; do
  expect "no rules, $deflate: nothing differs" "$(timeout 20 node "$peers" client "ws://127.0.0.1:$port/ws" "$deflate" "${steps[@]}" | sort)" \
    "$(client "$deflate" "${steps[@]}" | sort)"
done

# Browsers compress messages if the server accepts the extension. If the server does not, rules can
# match their text.
proxy rules "$port" '
[[rule]]
match = { header = { origin = "*" }, direction = "upstream" }
fault = { type = "rewrite_header", remove = ["sec-websocket-extensions"] }
[[rule]]
match = { text = "lost*", direction = "upstream" }
fault = { type = "drop" }
[[rule]]
match = { text = "twice", direction = "downstream" }
fault = { type = "duplicate", share = "100%" }
[[rule]]
match = { opcode = "pong", direction = "downstream" }
fault = { type = "drop" }
[[rule]]
match = { text = "cut*", direction = "upstream" }
fault = { type = "truncate_message", after = "3 B" }
[[rule]]
match = { text = "slow", direction = "upstream" }
fault = { type = "delay", delay = "300ms" }
[[rule]]
match = { text = "broken", direction = "downstream" }
fault = { type = "corrupt_message", chance = "100%" }
[[rule]]
match = { text = "close me", direction = "upstream" }
fault = { type = "close_websocket", code = 1012, reason = "service restart" }
' "$websocket"
expect "drop, duplicate, truncate; pongs swallowed" "message twice
message twice
message cut
message slow
open" "$(client plain say:lost ping say:twice say:cut-short say:slow lines:4)"
expect "close_websocket: both ends see the code" "message hi
closed 1012 service restart" "$(client plain say:hi lines:1 'say:close me' lines:2)"
wait_for 5 grep -q '^closed 1012' "$folder/server.log" || fail "close_websocket: expected the server to receive the close code 1012, but it did not"
client plain say:broken lines:1 >"$folder/broken"
grep -q '^message ' "$folder/broken" || fail "corrupt_message: expected a message to arrive, got none"
if grep -q '^message broken' "$folder/broken"; then fail "corrupt_message: expected a changed message, but it is unchanged"; fi
pass "corrupt_message"

proxy half "$port" '[[rule]]
match = { first = 1000000, opcode = ["text", "ping"] }
fault = { type = "half_open" }' "$websocket"
expect "half_open: no message, but pongs" "pong
open" "$(client plain say:hello ping lines:1)"
wait_for 5 grep -q '"action":"drop"' "$folder/half.jsonl" || fail "half_open: expected an event of a dropped message, found none"

# A page keeps a WebSocket open while the rules above act.
proxy_port=$(sed -n 's/^listen = "127.0.0.1:\(.*\)"/\1/p' "$folder/rules.toml")
timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update \
  --disable-sync --user-data-dir="$folder/chromium" --remote-debugging-port=0 "http://127.0.0.1:$proxy_port/page" \
  >"$folder/chromium.log" 2>&1 &
pids+=($!)
saw() { grep -qF "$1" "$folder/server.log"; }
wait_for 40 saw 'GET /result?closed 1012 service restart' ||
  fail "close_websocket: expected the page to see the close code 1012, got: $(cat "$folder/server.log")"
wait_for 10 saw 'GET /result?message from the page' ||
  fail "page in Chromium: expected an echo of its message, got: $(tail -20 "$folder/server.log") $(tail -5 "$folder/rules.jsonl")"
if saw 'message lost'; then fail "page in Chromium: expected its message \"lost\" to be dropped, but the server received it"; fi
pass "a page in Chromium: its message is lost, and it receives the close"
