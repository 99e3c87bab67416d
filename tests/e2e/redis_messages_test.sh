#!/usr/bin/env bash
# Tests protocol = "redis" with redis-server, redis-py and ioredis: unmatched traffic passes byte
# for byte, and a client sees each fault as the real condition of a server.
brownout=$1
source "$(dirname "$0")/lib.sh"
need redis-server redis-cli /usr/bin/python3 node
here=$(dirname "$(readlink -f "$0")")
modules=$here/../../build/npm/node_modules
[ -d "$modules/ioredis" ] || fail "the Redis client for Node is needed and not installed; run .ci/install-packages --tests"
/usr/bin/python3 -c 'import redis' || fail "the Redis client for Python is needed and not installed; run .ci/install-packages --tests"

server=$(free_port)
start redis redis-server --port "$server" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder"
wait_port "$server"
direct() { redis-cli -p "$server" "$@"; }
through() { proxy "$1" "$server" "$2" 'protocol = "redis"'; }
py() { timeout 60 /usr/bin/python3 "$here/redis_client.py" "$proxy_port" "$@"; }
js() { timeout 60 node "$here/redis_client.js" "$modules" "$proxy_port" "$@"; }
injected() { [ "$(grep -c "\"action\":\"$2\"" "$folder/$1.jsonl")" -ge "$3" ]; }
# expect WHAT PATTERN COMMAND...: checks that the output of COMMAND, joined into one line, matches
# PATTERN.
expect() {
  local what=$1 pattern=$2 said
  shift 2
  said=$("$@" | tr '\n' ' ')
  # shellcheck disable=SC2053
  [[ "$said" == $pattern ]] || fail "$what: expected output that matches \"$pattern\", got: $said"
}
# both WHAT PYTHON IOREDIS COMMAND...: runs COMMAND with both clients. PYTHON and IOREDIS are the
# patterns of their output.
both() {
  local what=$1 python=$2 ioredis=$3
  shift 3
  expect "$what (redis-py)" "$python" py "$@"
  expect "$what (ioredis)" "$ioredis" js "$@"
}

# Writes commands as arrays. Lines that begin with ! become inline commands.
transcript() {
  local line
  while read -r line; do
    if [[ "$line" == !* ]]; then printf '%s\r\n' "${line#!}"; continue; fi
    read -ra words <<<"$line"
    printf '*%d\r\n' "${#words[@]}"
    printf '%s\n' "${words[@]}" | while read -r word; do printf '$%d\r\n%s\r\n' "${#word}" "$word"; done
  done
}
cat >"$folder/said.txt" <<'SAID'
FLUSHALL
SET a 1
!SET "b c" "quoted \x41 value"
!GET "b c"
INCR a
GET missing
MULTI
INCR a
SELECT 3
SET inside 1
EXEC
GET inside
SELECT 0
MULTI
NOSUCH
EXEC
EVAL return{1,{2,'three',{4}},redis.status_reply('FINE'),false} 0
EVAL return{err='MY'} 0
RPUSH list 1 2 3
BLPOP list 1
BLPOP nothing 0.1
LRANGE list 0 -1
CLIENT REPLY SKIP
INCR a
CLIENT REPLY OFF
INCR a
CLIENT REPLY ON
HSET h f v g w
HGETALL h
SUBSCRIBE c1 c2
PING
UNSUBSCRIBE
HELLO 3
HGETALL h
SMEMBERS nothing
ZADD z 1.5 m
ZSCORE z m
GET missing
CLIENT TRACKING ON
GET a
SET a 2
SUBSCRIBE c3
PUBLISH c3 hello
PING
UNSUBSCRIBE
EVAL return{double=3.25} 0
DEBUG PROTOCOL attrib
RESET
GET a
QUIT
SAID
transcript <"$folder/said.txt" >"$folder/said"
# Connection ids differ between runs, so they are masked.
answers() { /usr/bin/python3 "$here/redis_client.py" "$1" bytes "$folder/said" | sed '/^id\r$/{n;s/.*/:n/}' | tee "$folder/$2.answers" | md5sum; }
wanted=$(answers "$server" direct)
[ "$(grep -c . "$folder/direct.answers")" -gt 100 ] ||
  fail "redis-server without the proxy: expected more than 100 answers, got: $(cat "$folder/direct.answers")"
for rules in '' '[[rule]]
match = { key = "no.such", command = "copy" }
fault = { type = "drop" }'; do
  through "plain${#rules}" "$rules"
  [ "$(answers "$proxy_port" proxied)" = "$wanted" ] ||
    fail "Redis with no matching rule: expected the same answers as without the proxy, got this difference: $(diff -a "$folder/direct.answers" "$folder/proxied.answers")"
  if grep -q 'not Redis' "$folder/plain${#rules}.log"; then
    fail "Redis with no matching rule: expected every value to be parsed, but the log reports bytes that are not Redis: $(cat "$folder/plain${#rules}.log")"
  fi
done
pass "transactions, pipelines, blocking commands, RESP3, scripts, pub/sub and inline commands pass byte for byte"

through choosy '[[rule]]
match = { command = "GET", key = "user:*", direction = "downstream" }
fault = { type = "replace", text = "nobody" }
[[rule]]
match = { command = "SCRIPT LOAD" }
fault = { type = "reject", text = "NOPERM no scripts" }
[[rule]]
match = { database = 2, command = "get", direction = "upstream" }
fault = { type = "reject" }
[[rule]]
match = { channel = "lost.*", reply = "push" }
fault = { type = "drop" }'
direct mset user:1 ann other bob >/dev/null
both "by command, key and database" "nobody bob * no scripts* True * refused* True bob " \
  "nobody bob * NOPERM no scripts OK * ERR refused OK bob " \
  "GET user:1" "GET other" "SCRIPT LOAD return" "SELECT 2" "GET other" "SELECT 0" "GET other"
both "in a pipeline" "1 * no scripts True bob " "* NOPERM no scripts OK bob " pipe "DEL user:1" "SCRIPT LOAD x" "SET user:1 ann" "GET other"
for client in py js; do
  start "$client-hears" "$client" listen lost.a
  wait_for 20 grep -q '^\* ready' "$folder/$client-hears.log" ||
    fail "$client: expected it to subscribe within 20 s, got: $(cat "$folder/$client-hears.log")"
  start "$client-listens" "$client" listen news
  last_listener=$last_pid
  wait_for 20 grep -q '^\* ready' "$folder/$client-listens.log" ||
    fail "$client: expected it to subscribe within 20 s, got: $(cat "$folder/$client-listens.log")"
  direct publish lost.a gone >/dev/null
  direct publish news hello >/dev/null
  direct publish news end >/dev/null
  wait "$last_listener" || fail "$client: expected the message \"end\", but it ended with exit code $?"
  [ "$(grep -v '^\*' "$folder/$client-listens.log" | tr '\n' ' ')" = "hello end " ] ||
    fail "$client: expected the messages \"hello end\", got: $(cat "$folder/$client-listens.log")"
  if grep -q gone "$folder/$client-hears.log"; then fail "$client: expected the message \"gone\" to be dropped, but it arrived"; fi
done
pass "rules match commands, keys, databases, channels and replies"

# answered NAME FAULT PYTHON IOREDIS COMMAND...: checks that each client reports the server's own
# error.
answered() {
  local name=$1 keys=$2
  shift 2
  through "$name" "[[rule]]
fault = { type = \"$name\"$keys }"
  both "$name" "$@"
  wait_for 10 injected "$name" answer 2 || fail "$name: expected two events of answered commands within 10 s, found fewer"
}
direct set a 1 >/dev/null
# All of these commands are answered, so a long time-out costs nothing, and helps on a busy machine.
export PATIENCE=20
answered redis_readonly '' "* ReadOnlyError: *replica. 1 " "* READONLY *replica. 1 " "SET a 2" "GET a"
answered redis_loading '' "* BusyLoadingError:* * BusyLoadingError:* " "* LOADING * * LOADING * " "GET a" "SET a 2"
answered redis_oom '' "* ResponseError: OOM * 1 " "* OOM * 1 " "SET a 2" "GET a"
answered redis_misconf '' "* ResponseError: MISCONF * 1 " "* MISCONF * 1 " "SET a 2" "GET a"
answered redis_busy '' "* ResponseError: BUSY * * NOTBUSY* " "* BUSY *" "GET a" "SCRIPT KILL"
answered redis_noauth '' "* AuthenticationError: * " "* NOAUTH * " "GET a"
answered redis_clusterdown '' "* ResponseError: CLUSTERDOWN * True " "* CLUSTERDOWN * PONG " "GET a" "PING"
answered redis_moved ', address = "127.0.0.1:1"' "* ResponseError: MOVED 15495 127.0.0.1:1 " "* MOVED 15495 127.0.0.1:1 " "GET a"
answered redis_ask ', address = "127.0.0.1:1"' "* ResponseError: ASK 15495 127.0.0.1:1 " "* ASK 15495 127.0.0.1:1 " "GET a"
unset PATIENCE
pass "both clients report the same errors as with a real server"

through lost '[[rule]]
match = { command = "incr" }
fault = { type = "ack_loss" }'
direct mset n 0 other bob >/dev/null
both "a lost reply" "* TimeoutError: * bob " "* Command timed out * Command timed out " "INCR n" "GET other"
[ "$(direct get n)" = 2 ] || fail "lost replies: expected the server to execute both writes (n = 2), got n = $(direct get n)"
pass "if a reply is lost, the write has run, and no other reply is taken for the lost one"

through twice '[[rule]]
match = { command = "incr", direction = "upstream" }
fault = { type = "duplicate", share = "100%" }'
direct set n 0 >/dev/null
both "a doubled command" "1 2 " "3 4 " "INCR n" "GET n"
pass "a command that arrives twice runs twice, and has one reply"

through cut '[[rule]]
match = { command = "get" }
fault = { type = "redis_cut_reply" }'
both "a reply that is cut" "True * ConnectionError: * " "OK * Connection is closed. " "SET a 1" "GET a"
pass "a connection ends inside a reply"

through dead '[[rule]]
match = { direction = "downstream" }
fault = { type = "redis_dead_subscription" }'
for client in py js; do
  start "$client-dead" "$client" listen news
  dead_pid=$last_pid
  wait_for 20 grep -q '^\* ready' "$folder/$client-dead.log" ||
    fail "$client: expected it to subscribe within 20 s, got: $(cat "$folder/$client-dead.log")"
  direct publish news end >/dev/null
  wait_for 10 injected dead drop 1 || fail "redis_dead_subscription: expected an event of a dropped message within 10 s, found none"
  sleep 0.3
  kill -0 "$dead_pid" 2>/dev/null || fail "redis_dead_subscription, $client: expected it to keep waiting, but it received the last message or a close"
  if grep -q end "$folder/$client-dead.log"; then fail "redis_dead_subscription, $client: expected no message, but one arrived"; fi
done
pass "a dead subscription receives nothing, and its connection stays open"

# A cluster of one node, which announces its own address. `rewrite` keeps clients on the proxy.
node=$(free_port)
start cluster redis-server --port "$node" --bind 127.0.0.1 --save '' --dir "$folder" --cluster-enabled yes \
  --cluster-config-file "$folder/nodes.conf" --cluster-announce-ip 127.0.0.1
wait_port "$node"
redis-cli -p "$node" cluster addslotsrange 0 16383 >/dev/null
wait_for 20 bash -c "redis-cli -p $node cluster info | grep -q cluster_state:ok" ||
  fail "Redis cluster: expected cluster_state:ok within 20 s, but the cluster is not ready"
proxy_port=$(free_port)
rule_file "$node" "$proxy_port" "[[rule]]
match = { key = \"cart:*\" }
fault = { type = \"redis_moved\", address = \"127.0.0.1:$proxy_port\" }" "protocol = \"redis\"
rewrite = { \"127.0.0.1:$node\" = \"127.0.0.1:$proxy_port\" }" >"$folder/circles.toml"
start circles "$brownout" run "$folder/circles.toml" --events "$folder/circles.jsonl" --drain 0s --api off
wait_port "$proxy_port"
for command in "slots" "shards" "nodes"; do
  said=$(redis-cli -p "$proxy_port" cluster "$command")
  grep -qE "\b$proxy_port\b" <<<"$said" || fail "CLUSTER $command: expected the listener's port $proxy_port, got: $said"
  if grep -qE "\b$node\b" <<<"$said"; then fail "CLUSTER $command: expected the node's port $node to be rewritten, got: $said"; fi
done
expect "a loop of MOVED" "OK * Too many Cluster redirections.* " js cluster "SET a 1" "GET cart:1"
wait_for 10 injected circles answer 4 || fail "redis_moved: expected the client to follow four redirections within 10 s, but it followed fewer"
pass "cluster clients stay on the proxy, and give up after several MOVED redirections"

# A Sentinel tells clients the address of the primary.
sentinel=$(free_port)
printf 'port %s\nbind 127.0.0.1\ndir %s\nsentinel monitor main 127.0.0.1 %s 1\n' "$sentinel" "$folder" "$server" >"$folder/sentinel.conf"
start sentinel redis-server "$folder/sentinel.conf" --sentinel
wait_port "$sentinel"
proxy watched "$sentinel" '' "protocol = \"redis\"
rewrite = { \"127.0.0.1:$server\" = \"127.0.0.1:1\" }"
[ "$(redis-cli -p "$proxy_port" sentinel get-master-addr-by-name main | tr '\n' ' ')" = "127.0.0.1 1 " ] ||
  fail "SENTINEL get-master-addr-by-name: expected the rewritten address 127.0.0.1 1, got another one"
redis-cli -p "$proxy_port" sentinel masters | tr '\n' ' ' | grep -q 'ip 127.0.0.1 port 1 ' ||
  fail "SENTINEL MASTERS: expected the rewritten address 127.0.0.1 1, got another one"
pass "a Sentinel names the listener in front of the primary"
