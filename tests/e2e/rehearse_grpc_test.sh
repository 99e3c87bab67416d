#!/usr/bin/env bash
# Tests rehearsals with gRPC users and a server of grpcio: unary calls with deadlines, retries and
# TLS, and streams of numbered messages, end to end.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/rehearsal_lib.sh"
need python3 openssl
export PYTHONPATH=$(cd "$(dirname "$0")" && pwd)/../../build/pypi
/usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || fail "grpcio or python3-protobuf is missing (.ci/install-packages --tests)"

# server NAME [CERTIFICATE KEY]: starts a gRPC server with the folder NAME.data, and sets $port.
server() {
  port=$(free_port)
  mkdir "$folder/$1.data"
  start "$1" /usr/bin/python3 "$(dirname "$0")/grpc_server.py" "$port" "$folder/$1.data" "${@:2}"
  wait_port "$port"
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext 'subjectAltName = IP:127.0.0.1' -keyout "$folder/server.key" -out "$folder/server.pem" 2>"$folder/openssl.txt"
server first
first=$port
server second
second=$port
server secure "$folder/server.pem" "$folder/server.key"
secure=$port
api=$folder/first.data/api.pb

# scenario NAME PORT PROBE_KEYS [RULES [PHASE_KEYS [LISTENER_KEYS]]]: rehearses. The result is in
# NAME.code and NAME/report.json.
scenario() {
  {
    scenario_file "$1" "$2" "${6:-protocol = \"grpc\"}" "${5:-}"
    # On a busy machine a call may take a second. Users that must notice silence are less patient.
    users_and_expectations grpc "$3" | if [[ $1 = hangs || $1 = notices ]]; then cat; else sed 's/^timeout = .*/timeout = "4s"/'; fi
    echo "${4:-}"
  } >"$folder/$1.toml"
  rehearse "$1"
}
rehearsals=()
begin() {
  scenario "$@" &
  rehearsals+=("$!")
  while [ "$(jobs -r | wc -l)" -ge 4 ]; do sleep 0.05; done
}
# method NAME [KEYS]: prints the keys of users who call a method of shop.Orders.
method() { printf 'descriptors = "%s"\nservice = "shop.Orders"\nrpc = "%s"\n%s' "$api" "$1" "${2:-}"; }
# rule KEYS: prints a rule on messages of responses, which acts in the phase.
rule() { printf '[[rule]]\nname = "fault"\nper = "message"\nmatch = { direction = "downstream", rpc = "Ticks" }\n%s' "$1"; }

begin health "$first" 'service = "shop.Orders"
deadline = "3s"'
begin watch "$first" 'watch = true'
begin unknown "$first" 'service = "shop.None"'
begin unary "$first" "$(method Get 'request = '\''{"id": "47"}'\''
field = { id = "4*", count = "7" }')"
begin wrong "$first" "$(method Get 'request = '\''{"id": "57"}'\''
field = { id = "4*" }')"
begin slow "$first" "$(method Get 'request = '\''{"id": "slow"}'\''
deadline = "300ms"')"
begin secure "$secure" "$(method Get "ca = \"$folder/server.pem\"")" '' '' 'protocol = "tcp"'
begin flaky "$second" "$(method Flaky 'retry = { max_attempts = 3, backoff = "1ms" }')"
begin ticks "$first" "$(method Ticks 'number_field = "seq"
messages = 3')"
begin burst "$first" "$(method Burst 'number_field = "seq"
messages = 5')"
begin lost "$first" "$(method Ticks 'number_field = "seq"')" "$(rule 'probability = "20%"
fault = { type = "drop" }')" 'rules = ["fault"]'
begin doubled "$first" "$(method Ticks 'number_field = "seq"')" "$(rule 'fault = { type = "duplicate", share = "20%" }')" 'rules = ["fault"]'
begin reordered "$first" "$(method Ticks 'number_field = "seq"')" "$(rule 'fault = { type = "reorder", share = "10%", delay = "500ms" }')" 'rules = ["fault"]'
silent='[[rule]]
name = "fault"
fault = { type = "unplug" }
[[phase]]
name = "silent"
for = "4m"
rules = ["fault"]
[[phase]]
name = "after"
for = "1m"
recovery = true'
begin hangs "$second" "$(method Feed 'number_field = "seq"
numbers_continue = true')" "$silent"
begin notices "$second" "$(method Ticks 'number_field = "seq"
keepalive = { every = "100ms", timeout = "100ms" }')" "$silent"
wait "${rehearsals[@]}"
for outage in rolling-deploy rolling-deploy-badly; do
  sed -e "s/127.0.0.1:50051/127.0.0.1:$first/; s/127.0.0.1:50052/127.0.0.1:$second/" \
    -e "s/127.0.0.1:7010/127.0.0.1:$(free_port)/; s/127.0.0.1:7020/127.0.0.1:$(free_port)/" "$outages/rolling-deploy.toml" >"$folder/$outage.toml"
  # A user with a single endpoint cannot go to the other instance.
  [ "$outage" = rolling-deploy ] || sed -i 's/^endpoints = .*/endpoints = ["orders"]/' "$folder/$outage.toml"
  # One after the other: a storm of connections takes a core.
  rehearse "$outage"
done
code health $ok
code watch $unmeasured
[ ${#slow[@]} -gt 0 ] || says watch '^met  .*availability at least 100%'
code unknown $unmeasured
says unknown 'gRPC status NOT_FOUND: unknown service'
pass "the health of a server and of a service, by Check and by Watch"
code unary $ok
code secure $ok
code wrong $unmeasured
says wrong 'field "id" is "57", not "4\*"'
pass "a unary call by descriptors, in the clear and over TLS; a field with another value is a failure"
code slow $unmeasured
says slow 'gRPC status DEADLINE_EXCEEDED'
awk '$1 == "Check" && $2 != "-" && $2 > 1000 && $2 <= 3000 { seen = 1 } END { exit !seen }' "$folder/first.data/calls.txt" ||
  fail "calls with a deadline of 3 s: expected the server to know of it, got: $(head -n 5 "$folder/first.data/calls.txt")"
pass "a deadline is sent, and ends the call as DEADLINE_EXCEEDED"
code flaky $ok
pass "a retry policy repeats calls that failed as UNAVAILABLE, when the server says"
code ticks $ok
code burst $ok
code lost 1
says lost '^NOT MET .*messages_lost'
code doubled 1
says doubled '^NOT MET .*messages_duplicated'
code reordered 1
says reordered '^NOT MET .*messages_reordered'
pass "numbered messages of a stream: all are in order, or lost, duplicated and reordered ones are counted"
code hangs 1
says hangs '^NOT MET .*availability.*no message: timed out'
code notices 1
says notices '^NOT MET .*availability'
count() { grep -c "^$1 " "$folder/second.data/calls.txt"; }
[ "$(count Feed)" = 3 ] || fail "users without keepalive: expected one call of each of the 3, got $(count Feed)"
[ "$(count Ticks)" -ge 6 ] || fail "users with keepalive: expected each of the 3 to call again, got $(count Ticks)"
pass "a silent connection: without keepalive users wait for messages, with it they connect again"
code rolling-deploy $ok
code rolling-deploy-badly 1
says rolling-deploy-badly '^NOT MET .*availability'
pass "a rolling deploy with GOAWAY storms: users with two endpoints lose no call, users with one endpoint fail"
