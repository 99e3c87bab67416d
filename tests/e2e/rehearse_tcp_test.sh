#!/usr/bin/env bash
# Rehearsals with tcp users that speak the server's own protocol: they send a text and expect one, with redis-server.
brownout=$1
source "$(dirname "$0")/lib.sh"
need redis-server redis-cli
outages=$(cd "$(dirname "$0")/../../examples/outages" && pwd)
port=$(free_port)
start redis redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder"
wait_port "$port"

# rehearse NAME CODE: rehearses NAME.toml, and checks the exit code; what was printed is in NAME.txt.
rehearse() {
  local code=0
  "$brownout" rehearse "$folder/$1.toml" --ci --report "$folder/$1" >"$folder/$1.txt" 2>&1 || code=$?
  [ "$code" = "$2" ] || fail "$1: exit code $code, not $2: $(cat "$folder/$1.txt")"
}
says() { grep -qE "$2" "$folder/$1.txt" || fail "$1 does not say $2: $(cat "$folder/$1.txt")"; }

# scenario NAME CODE PROBE_KEYS [RULES [PHASE_KEYS [LISTENER_KEYS]]]: rehearses, and checks the exit code.
scenario() {
  cat >"$folder/$1.toml" <<FILE
[scenario]
name = "$1"
time_scale = "60x"
steady = { for = "90s" }
[[listener]]
name = "front"
listen = "127.0.0.1:$(free_port)"
upstream = "127.0.0.1:$port"
${6:-}
[[phase]]
name = "all the time"
for = "3m"
${5:-}
[[probe]]
name = "users"
users = 3
every = "6s"
timeout = "1s"
endpoints = ["front"]
$3
[[expect]]
metric = "availability"
at_least = "100%"
${4:-}
FILE
  rehearse "$1" "$2"
}

ping='send = "PING\r\n"
expect = "+PONG"'
scenario healthy 0 "$ping"
says healthy '^met .*availability at least 100%'
[ "$(redis-cli -p "$port" INFO commandstats | grep -oE 'cmdstat_ping:calls=[0-9]+' | cut -d= -f2)" -ge 30 ] ||
  fail "redis-server counts fewer PINGs than users sent: $(redis-cli -p "$port" INFO commandstats)"
pass "users whose text is answered as expected succeed, on connections that stay open"

scenario long 0 'send = "PING\r\nCOMMAND\r\nPING\r\n"
expect = "+PONG"'
pass "the rest of an answer is not taken for the next one"

scenario reset 1 "$ping" '[[rule]]
name = "gone"
fault = { type = "reset" }' 'rules = ["gone"]'
says reset '^NOT MET .*availability'
scenario silent 1 "$ping" '[[rule]]
name = "silent"
fault = { type = "unplug", after = "1ms" }' 'rules = ["silent"]'
says silent '^NOT MET .*no reply: timed out'
scenario hanging 1 "$ping" '[[rule]]
name = "hanging"
fault = { type = "unplug" }' 'rules = ["hanging"]'
says hanging '^NOT MET .*connect: timed out'
pass "a connection that a fault resets, keeps silent or never opens fails its users"

scenario loading 1 "$ping" '[[rule]]
name = "restarted"
fault = { type = "redis_loading" }' 'rules = ["restarted"]' 'protocol = "redis"'
says loading '^NOT MET .*the answer does not contain the expected text: "-LOADING .*\\r\\n"'
scenario unknown 3 'send = "HELP\r\n"
expect = "+PONG"'
says unknown "the answer does not contain the expected text: \"-ERR unknown command 'HELP'"
pass "another answer is quoted in the reason"

cat >"$folder/greeting.js" <<'P'
const server = require('net').createServer(c => { c.on('error', () => {}); c.write('220 mail.example.org ready\r\n'); c.resume(); });
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
P
start greeting node "$folder/greeting.js"
wait_for 10 grep -q . "$folder/greeting.log" || fail "no server that greets"
port=$(cat "$folder/greeting.log")
scenario greeting 0 'expect = "220 "'
pass "without a text to send, users expect the server's greeting on a new connection"

expect_code 2 "$brownout" rehearse "$folder/healthy.toml" --embedded well --report "$folder/embedded"
expect_text err 'expects "+PONG", which the embedded servers do not answer'
pass "embedded servers echo, so an answer that they cannot give is refused"

port=$(free_port)
start again redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder"
wait_port "$port"
sed "s/127.0.0.1:6379/127.0.0.1:$port/; s/127.0.0.1:7010/127.0.0.1:$(free_port)/" "$outages/own-protocol.toml" >"$folder/own.toml"
rehearse own 0
pass "the example with a text protocol meets its expectations"
