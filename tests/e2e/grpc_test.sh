#!/usr/bin/env bash
# Tests gRPC with Python's grpcio and Node.js' grpc-js as clients and servers: without rules each
# call has the same result through a listener as without one, and rules act on single messages.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/http2_lib.sh"
need node python3 openssl
here=$(cd "$(dirname "$0")" && pwd)
modules=$here/../../build/npm/node_modules
[ -d "$modules/@grpc/grpc-js" ] || fail "@grpc/grpc-js is needed and not installed; run .ci/install-packages --tests"
[ -d "$here/../../build/pypi/grpc" ] || fail "grpcio is needed and not installed; run .ci/install-packages --tests"
export NODE_PATH=$modules PYTHONPATH=$here/../../build/pypi CA=$folder/cert.pem
python_peer=(/usr/bin/python3 "$here/grpc_peer.py")
node_peer=(node "$here/grpc_peer.js")
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/cert.pem" -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
python_port=$(free_port)
node_port=$(free_port)
start python-server "${python_peer[@]}" server "$python_port"
start node-server "${node_peer[@]}" server "$node_port"
for server in python node; do
  wait_for 30 grep -q serving "$folder/$server-server.log" || fail "the $server server: expected it to start within 30 s; log: $(cat "$folder/$server-server.log")"
done

ways=(grpc2 grpc-auto http2 http-auto secure)
listeners() { # SERVER: the ways to it.
  upstream "$1-2" "$2" 'http = "2"'
  upstream "$1-auto" "$2"
  listener "$1-grpc2" "$1-2" 'protocol = "grpc"'
  listener "$1-grpc-auto" "$1-auto" 'protocol = "grpc"'
  listener "$1-http2" "$1-2"
  listener "$1-http-auto" "$1-auto"
  listener "$1-secure" "$1-2" "${secure/http/grpc}"
  listener "$1-rules" "$1-2" 'protocol = "grpc"'
}
run_brownout brownout <<E
version = 1
$(listeners python "$python_port")
$(listeners node "$node_port")
[[rule]]
name = "the third is lost"
match = { listener = ["python-rules", "node-rules"], rpc = "Count", text = "2 *", direction = "downstream" }
per = "message"
fault = { type = "drop" }
[[rule]]
name = "refused"
match = { listener = ["python-rules", "node-rules"], rpc = "Echo", text = "refuse*", direction = "upstream" }
fault = { type = "reject", grpc_status = 8 }
[[rule]]
name = "seen through compression"
match = { listener = ["python-rules", "node-rules"], compressed = true, text = "change*", direction = "upstream" }
per = "message"
fault = { type = "replace", text = "changed" }
[[rule]]
name = "silent"
match = { listener = ["python-rules", "node-rules"], rpc = "Count", text = ["3 *", "4 *"], metadata = { x-quiet = "yes" }, direction = "downstream" }
per = "message"
fault = { type = "half_open" }
E

cat >"$folder/expected" <<'E'
unary hello
empty 0 bytes
many 100 echoes
large True
server_streaming 300 messages, 1501090 bytes
client_streaming 300 f79ad959b3ceb3207fff2e6ec600b1329e58314113a7fcbdf4a29f39819a0c2e
bidi 20 turns, the last: turn 19
empty_stream 0 messages
deadline 4, in time
cancel 1
cancel_after_first 0, 1
status 9, same text, same details
status_late first,second then 15
unimplemented 12 12
metadata 61e079e3 word AP8=
gzip True
deflate True
keepalive 2 messages
E
# Each client talks to each server directly and in every way through a listener, all at once.
clients=()
for client in python node; do
  declare -n peer=${client}_peer
  for server in python node; do
    port=${server}_port
    targets=("$client-direct=127.0.0.1:${!port}")
    for way in "${ways[@]}"; do
      target=127.0.0.1:$(port_of "$server-$way")
      [ "$way" = secure ] && target=tls:$target
      targets+=("$client-$way=$target")
    done
    start "$client-$server" timeout 100 "${peer[@]}" client all "${targets[@]}"
    clients+=("$last_pid")
  done
done
for pid in "${clients[@]}"; do wait "$pid" || fail "clients: expected exit code 0, got $?: $(tail -n 3 "$folder"/*-python.log "$folder"/*-node.log)"; done
alive "gRPC without rules" brownout
for client in python node; do
  for server in python node; do
    for way in direct "${ways[@]}"; do
      sed -n "s/^$client-$way //p" "$folder/$client-$server.log" >"$folder/got"
      diff "$folder/expected" "$folder/got" >"$folder/diff" ||
        fail "$client to $server, $way: expected the results of calls on the left, got those on the right: $(cat "$folder/diff") (log: $(tail -n 3 "$folder/brownout.log" | cut -c1-300))"
    done
    pass "$client to $server: $(grep -c . "$folder/expected") kinds of calls, directly and in ${#ways[@]} ways"
  done
done
for server in python node; do
  for client in python node; do
    for way in direct "${ways[@]}"; do
      for call in deadline cancel cancel_after_first; do
        cancelled() { grep -q "^$client-$way $call cancelled" "$folder/$server-server.log"; }
        wait_for 5 cancelled || fail "$client to $server, $way: expected that the server sees the end of $call"
      done
    done
  done
done
pass "servers see calls end that clients cancel"

for client in python node; do
  declare -n peer=${client}_peer
  for server in python node; do
    timeout 30 "${peer[@]}" client lost,refused,compressed,silent "it=127.0.0.1:$(port_of "$server-rules")" >"$folder/got" || fail "$client to $server, rules: expected exit code 0, got $?: $(cat "$folder/got")"
    diff - "$folder/got" <<<$'it lost 0,1,3,4\nit refused 8\nit compressed changed\nit silent 0 x,1 x then 4' ||
      fail "$client to $server: expected the results on the left with rules, got those on the right"
    pass "$client to $server: rules drop, refuse, replace and silence messages"
  done
done
