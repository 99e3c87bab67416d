#!/usr/bin/env bash
# Tests Redis behind a TCP listener: benchmark, transactions, publish/subscribe and a 512 MB value,
# with and without faults.
brownout=$1
source "$(dirname "$0")/lib.sh"
need redis-server redis-cli redis-benchmark python3

port=$(free_port)
start redis redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder"
wait_port "$port"
proxy plain "$port"
cli() { redis-cli -p "$proxy_port" "$@"; }

redis-benchmark -p "$proxy_port" -t ping,set,get,lpush -n 20000 -c 50 -q >"$folder/bench" 2>&1
for test in PING SET GET LPUSH; do grep -q "$test.*requests per second" "$folder/bench" || fail "redis-benchmark: expected a result for $test, got: $(cat "$folder/bench")"; done
redis-benchmark -p "$proxy_port" -t set -n 20000 -c 20 -P 16 -q >/dev/null
pass "redis-benchmark, with and without pipelining"

[ "$(printf 'MULTI\nSET a 1\nINCR a\nEXEC\n' | cli | tail -n 1)" = 2 ] || fail "MULTI and EXEC: expected the result 2, got another one"
pass "MULTI/EXEC"

start subscriber redis-cli -p "$proxy_port" SUBSCRIBE news
wait_for 10 grep -q subscribe "$folder/subscriber.log" || fail "SUBSCRIBE: expected a confirmation within 10 s, got: $(cat "$folder/subscriber.log")"
for i in 1 2 3; do cli PUBLISH news "message $i" >/dev/null; done
wait_for 10 grep -q 'message 3' "$folder/subscriber.log" ||
  fail "PUBLISH: expected the third message within 10 s, got: $(cat "$folder/subscriber.log")"
[ "$(grep -c '^message [0-9]' "$folder/subscriber.log")" = 3 ] ||
  fail "PUBLISH: expected exactly three messages, got: $(cat "$folder/subscriber.log")"
pass "publish/subscribe"

python3 - "$proxy_port" <<'EOF' || fail "a value of 512 MB: expected the same bytes back, got the Python error above"
import socket, sys, threading
SIZE = 512 * 1024 * 1024
link = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
block = bytes(range(256)) * 4096
def send():
    link.sendall(b"*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$%d\r\n" % SIZE)
    for _ in range(SIZE // len(block)):
        link.sendall(block)
    link.sendall(b"\r\n*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n")
sender = threading.Thread(target=send)
sender.start()
reply = link.makefile("rb", buffering=1 << 20)
assert reply.readline() == b"+OK\r\n"
assert reply.readline() == b"$%d\r\n" % SIZE
for _ in range(SIZE // len(block)):
    assert reply.read(len(block)) == block, "the value came back different"
assert reply.read(2) == b"\r\n"
sender.join()
EOF
cli DEL big >/dev/null
pass "a value of 512 MB is written and read"

proxy slow "$port" '[[rule]]
match = { direction = "upstream" }
fault = { type = "latency", delay = "100ms" }'
begin=$(now)
[ "$(cli PING)" = PONG ] || fail "latency: expected PONG, got another answer"
at_least "$(since "$begin")" 0.1 || fail "latency: expected PING to take 0.1 s or more, but it took $(since "$begin") s"
pass "latency: PING waits"

proxy limited "$port" '[[rule]]
fault = { type = "connection_limit", max = 2 }'
start one redis-cli -p "$proxy_port" SUBSCRIBE x
start two redis-cli -p "$proxy_port" SUBSCRIBE x
wait_for 10 grep -q subscribe "$folder/two.log" ||
  fail "connection_limit: expected the second client to be served within 10 s, got: $(cat "$folder/two.log")"
if timeout 5 redis-cli -p "$proxy_port" PING 2>/dev/null | grep -q PONG; then
  fail "connection_limit: expected the third client to be refused, but it was served"
fi
pass "connection_limit: the third client is refused"
