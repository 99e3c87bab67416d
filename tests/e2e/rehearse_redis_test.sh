#!/usr/bin/env bash
# Tests rehearsals with Redis users and redis-server: wrong values, and lost, duplicated or
# reordered messages, are counted end to end.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/rehearsal_lib.sh"
need redis-server redis-cli openssl

# server NAME OPTION...: starts redis-server, and sets $port.
server() {
  port=$(free_port)
  mkdir "$folder/$1.data"
  start "$1" redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder/$1.data" "${@:2}"
  wait_port "$port"
}
server first
first=$port
server second
second=$port
# Starts a server that requires a user name, a password and TLS.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext 'subjectAltName = IP:127.0.0.1' -keyout "$folder/server.key" -out "$folder/server.pem" 2>"$folder/openssl.txt"
secure=$(free_port)
cat >"$folder/secure.conf" <<CONF
port 0
tls-port $secure
bind 127.0.0.1
save ""
dir $folder
tls-cert-file $folder/server.pem
tls-key-file $folder/server.key
tls-ca-cert-file $folder/server.pem
tls-auth-clients no
user default off
user ann on >secret ~shop:* &shop:* +@all
CONF
start secure redis-server "$folder/secure.conf"
wait_port "$secure"
echo secret >"$folder/password"
echo wrong >"$folder/wrong"
# Starts a replica that cannot reach its primary and serves stale data.
server replica --replicaof 127.0.0.1 1
replica=$port

# scenario NAME PORT PROBE_KEYS [RULES [PHASE_KEYS [LISTENER_KEYS]]]: rehearses. The result is in
# NAME.code and NAME/report.json.
scenario() {
  {
    scenario_file "$1" "$2" "${6:-protocol = \"redis\"}" "${5:-}"
    users_and_expectations redis "$3"
    echo "${4:-}"
  } >"$folder/$1.toml"
  rehearse "$1"
}
rehearsals=()
begin() {
  scenario "$@" &
  rehearsals+=("$!")
  while [ "$(jobs -r | wc -l)" -ge 12 ]; do sleep 0.05; done
}
ann="user_name = \"ann\"
key_prefix = \"shop\"
ca = \"$folder/server.pem\""
begin plain "$first" 'database = 3'
begin values "$first" 'key_prefix = "values"
pubsub = false'
begin secure "$secure" "$ann
password_file = \"$folder/password\"" '' '' 'protocol = "tcp"'
begin stranger "$secure" "$ann
password_file = \"$folder/wrong\"" '' '' 'protocol = "tcp"'
begin replica "$replica" ''
begin lost "$first" '' '[[rule]]
name = "some are lost"
match = { channel = "brownout:*", reply = "push" }
probability = "20%"
per = "message"
fault = { type = "drop" }' 'rules = ["some are lost"]'
begin doubled "$first" '' '[[rule]]
name = "some are doubled"
match = { channel = "brownout:*", reply = "push" }
fault = { type = "duplicate", share = "50%" }' 'rules = ["some are doubled"]'
begin reordered "$first" '' '[[rule]]
name = "some are late"
match = { channel = "brownout:*", reply = "push" }
fault = { type = "reorder", share = "30%", delay = "20ms" }' 'rules = ["some are late"]'
begin stale "$first" '' '[[rule]]
name = "another value"
match = { command = "GET", reply = "bulk" }
probability = "20%"
per = "message"
fault = { type = "replace", text = "1" }' 'rules = ["another value"]'
begin readonly "$first" '' '[[rule]]
name = "a replica"
fault = { type = "redis_readonly" }' 'rules = ["a replica"]'
for outage in redis-failover redis-failover-badly; do
  sed -e "s/127.0.0.1:6379/127.0.0.1:$first/; s/127.0.0.1:6380/127.0.0.1:$second/" \
    -e "s/127.0.0.1:7010/127.0.0.1:$(free_port)/; s/127.0.0.1:7020/127.0.0.1:$(free_port)/" "$outages/redis-failover.toml" >"$folder/$outage.toml"
  # A user with a single endpoint cannot fail over.
  [ "$outage" = redis-failover ] || sed -i 's/endpoints = .*/endpoints = ["redis"]/' "$folder/$outage.toml"
  rehearse "$outage" &
  rehearsals+=("$!")
done
wait "${rehearsals[@]}"
code plain $ok
code secure $ok
pass "values are read as written, and nothing is lost, doubled or out of order; also with a user name, a password and TLS"
# An expectation about messages is not measured if no message was sent.
code values $unmeasured
says values 'messages_lost .*no message was sent'
[ ${#slow[@]} -gt 0 ] || says values '^met  .*availability at least 100%'
pass "without pub/sub, only values are checked"
left=$(redis-cli -p "$first" -n 3 --scan | while read -r name; do redis-cli -p "$first" -n 3 TTL "$name"; done | sort -n)
[ -n "$left" ] && [ "$(head -n 1 <<<"$left")" -gt 0 ] && [ "$(tail -n 1 <<<"$left")" -le 61 ] ||
  fail "keys left by the users: expected a time to live of 1 to 61 s, got: $left"
pass "keys are in the user's database, and expire"
code stranger $unmeasured
says stranger 'AUTH: error from the server: WRONGPASS'
code replica $unmeasured
says replica 'SET: error from the server: READONLY'
code readonly 1
says readonly '^NOT MET .*availability.*SET: error from the server: READONLY'
pass "users without permission to connect or write fail, with the reason"
code stale 1
says stale '^NOT MET .*availability.*GET: a stale value, 1, not [0-9]+'
pass "a value that differs from the written one counts as a failure"
code lost 1
says lost '^NOT MET .*messages_lost'
code doubled 1
says doubled '^NOT MET .*messages_duplicated'
code reordered 1
says reordered '^NOT MET .*messages_reordered'
pass "messages that a rule drops, duplicates or reorders are counted"
code redis-failover $ok
code redis-failover-badly 1
says redis-failover-badly '^NOT MET .*availability'
pass "a failover with two servers: users with two endpoints write to the second server, users with one endpoint fail"
