#!/usr/bin/env bash
# Rehearsals with PostgreSQL users and a real server: every kind of password, TLS, errors of the server, and faults.
brownout=$1
source "$(dirname "$0")/lib.sh"
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
PATH=$PATH:$programs
need initdb postgres psql openssl
outages=$(cd "$(dirname "$0")/../../examples/outages" && pwd)

# The server refuses to run as root. Where this script cannot become another user, a user namespace gives it another
# number.
as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
"${as[@]}" true 2>/dev/null || as=(unshare --user --map-user=65534 --map-group=65534)
mkdir "$folder/server"
chmod 711 "$folder"
# In a user namespace the folder belongs to the mapped user already.
[ "${as[0]}" != setpriv ] || chown 65534:65534 "$folder/server"

# server NAME: starts a server with users for each kind of password; sets $port.
server() {
  local data=$folder/server/$1
  port=$(free_port)
  (cd "$folder/server" && "${as[@]}" initdb -D "$data" -U postgres -A trust --no-sync >"$folder/$1.init" 2>&1) ||
    fail "initdb: $(cat "$folder/$1.init")"
  (cd "$folder/server" && "${as[@]}" openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext 'subjectAltName = IP:127.0.0.1' -keyout "$data/server.key" -out "$data/server.crt" 2>"$folder/openssl.txt") ||
    fail "openssl: $(cat "$folder/openssl.txt")"
  "${as[@]}" tee "$data/pg_hba.conf" >/dev/null <<'CONF'
host all postgres 127.0.0.1/8 trust
host all scram 127.0.0.1/8 scram-sha-256
host all md5 127.0.0.1/8 md5
host all clear 127.0.0.1/8 password
hostssl all secure 127.0.0.1/8 scram-sha-256
CONF
  start "$1" env -C "$folder/server" "${as[@]}" "$programs/postgres" -D "$data" -p "$port" -h 127.0.0.1 -k '' -F -c ssl=on
  wait_port "$port"
  wait_for 20 psql -h 127.0.0.1 -p "$port" -U postgres -c 'select 1' || fail "no server: $(cat "$folder/$1.log")"
}
server first
first=$port
psql -q -h 127.0.0.1 -p "$first" -U postgres -v ON_ERROR_STOP=1 >"$folder/psql.txt" 2>&1 <<'SQL' || fail "$(cat "$folder/psql.txt")"
create database shop;
create user scram password 'secret';
create user clear password 'secret';
create user secure password 'secret';
set password_encryption = 'md5';
create user md5 password 'secret';
SQL
echo secret >"$folder/password"
echo wrong >"$folder/wrong-password"
cp "$folder/server/first/server.crt" "$folder/ca.pem" 2>/dev/null || "${as[@]}" cat "$folder/server/first/server.crt" >"$folder/ca.pem"

# scenario NAME CODE PROBE_KEYS [RULES [PHASE_KEYS [LENGTH]]]: rehearses, and checks the exit code; what was printed is
# in NAME.txt.
scenario() {
  cat >"$folder/$1.toml" <<FILE
[scenario]
name = "$1"
time_scale = "60x"
steady = { for = "90s" }
[[listener]]
name = "front"
listen = "127.0.0.1:$(free_port)"
upstream = "127.0.0.1:$first"
[[phase]]
name = "all the time"
for = "${6:-2m}"
${5:-}
[[probe]]
name = "services"
kind = "postgres"
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
rehearse() {
  local code=0
  "$brownout" rehearse "$folder/$1.toml" --ci --report "$folder/$1" >"$folder/$1.txt" 2>&1 || code=$?
  [ "$code" = "$2" ] || fail "$1: exit code $code, not $2: $(cat "$folder/$1.txt")"
}
says() { grep -qE "$2" "$folder/$1.txt" || fail "$1 does not say $2: $(cat "$folder/$1.txt")"; }

scenario trust 0 ''
says trust '^met .*availability at least 100%'
scenario database 0 'database = "shop"'
scenario again 0 'reuse = false'
pass "users log in without a password, and query on a connection that stays open or on a new one"
for user in scram md5 clear; do
  scenario "$user" 0 "user_name = \"$user\"
database = \"shop\"
password_file = \"$folder/password\""
done
scenario secure 0 "user_name = \"secure\"
database = \"shop\"
password_file = \"$folder/password\"
ca = \"$folder/ca.pem\""
pass "users log in with SCRAM-SHA-256, MD5 and cleartext passwords, and through TLS"

scenario wrong 3 "user_name = \"scram\"
password_file = \"$folder/wrong-password\""
says wrong 'login: FATAL: password authentication failed for user "scram" \(28P01\)'
scenario nowhere 3 'database = "nowhere"'
says nowhere 'login: FATAL: database "nowhere" does not exist \(3D000\)'
pass "an error of the server is the reason of the failure"

scenario reset 1 '' '[[rule]]
name = "gone"
fault = { type = "reset" }' 'rules = ["gone"]'
says reset '^NOT MET .*availability'
scenario slow 1 '' '[[rule]]
name = "slow"
fault = { type = "latency", delay = "1s" }' 'rules = ["slow"]' 6m
says slow '^NOT MET .*no reply'
pass "a reset and a slow network fail users"

server second
sed -e "s/127.0.0.1:5432/127.0.0.1:$first/; s/127.0.0.1:5433/127.0.0.1:$port/" \
  -e "s/127.0.0.1:7010/127.0.0.1:$(free_port)/; s/127.0.0.1:7020/127.0.0.1:$(free_port)/" "$outages/postgres-failover.toml" >"$folder/failover.toml"
rehearse failover 0
sed 's/endpoints = .*/endpoints = ["database"]/' "$folder/failover.toml" >"$folder/badly.toml"
rehearse badly 1
says badly '^NOT MET .*availability'
pass "a failover with two servers: users with two endpoints query the second, users with one endpoint fail"
