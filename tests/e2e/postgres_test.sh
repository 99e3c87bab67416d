#!/usr/bin/env bash
# Tests protocol = "postgres" with a real server, psql and pgbench: statements fail with the error of
# a rule, alone and in transactions, with simple queries and prepared statements, and inside TLS.
brownout=$1
source "$(dirname "$0")/lib.sh"
programs=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
PATH=$PATH:$programs
need initdb postgres psql pgbench openssl
source "$(dirname "$0")/postgres_server.sh"

start_postgres "$folder/server"
export PGDATABASE=postgres PGUSER=postgres PGCONNECT_TIMEOUT=10 PGSSLMODE=disable
sql() { psql -X -A -t -q -h 127.0.0.1 -p "$1" "${@:2}"; }
sql "$postgres_port" -c 'create table accounts (id int primary key, amount int); insert into accounts values (1, 10), (2, 20)'

postgres() { proxy "$1" "$postgres_port" "$2" 'protocol = "postgres"'; }
said() { grep -qF -- "$2" "$folder/$1" || fail "psql: expected \"$2\", got: $(cat "$folder/$1")"; }

postgres plain '[[rule]]
match = { statement = "never" }
fault = { type = "drop" }'
[ "$(sql "$proxy_port" -c 'select amount from accounts order by id' | tr '\n' ' ')" = '10 20 ' ] || fail "a query through the proxy: expected the rows 10 and 20"
pgbench -h 127.0.0.1 -p "$proxy_port" -i -q -s 1 >"$folder/init.txt" 2>&1 || fail "pgbench -i: $(cat "$folder/init.txt")"
for mode in simple extended prepared; do
  pgbench -h 127.0.0.1 -p "$proxy_port" -n -M "$mode" -c 4 -t 50 >"$folder/bench.txt" 2>&1 || fail "pgbench -M $mode: $(cat "$folder/bench.txt")"
  said bench.txt 'number of transactions actually processed: 200/200'
done
grep -q 'not PostgreSQL' "$folder/plain.log" && fail "without a fault: expected every message to be read, but: $(cat "$folder/plain.log")"
[ "$(sql "$proxy_port" -c 'copy accounts to stdout' | sql "$proxy_port" -c 'create temp table c (like accounts); copy c from stdin; select count(*) from c')" = 2 ] ||
  fail "COPY through the proxy: expected two rows"
pass "queries, prepared statements and COPY pass unchanged"

postgres deadlock '[[rule]]
match = { statement = "~(?i)^update accounts" }
fault = { type = "reject", sqlstate = "40P01" }'
sql "$proxy_port" -v VERBOSITY=verbose -c 'update accounts set amount = 0' >"$folder/update.txt" 2>&1 && fail "a refused update: expected an error, but psql succeeded"
said update.txt 'ERROR:  40P01: deadlock detected'
sql "$proxy_port" -v VERBOSITY=sqlstate >"$folder/transaction.txt" 2>&1 <<'SQL'
begin;
insert into accounts values (3, 30);
update accounts set amount = 0;
select 1;
commit;
select count(*) from accounts;
SQL
[ "$(cat "$folder/transaction.txt")" = $'ERROR:  40P01\nERROR:  25P02\n2' ] ||
  fail "a refused update in a transaction: expected it to fail as a whole, got: $(cat "$folder/transaction.txt")"
pass "a statement fails with a deadlock, and its transaction with it"

# pgbench runs a transaction again after a deadlock or a serialization failure, and no other error.
for mode in simple prepared; do
  postgres "retry_$mode" '[[rule]]
match = { statement = "~^UPDATE pgbench_tellers" }
probability = "20%"
per = "message"
fault = { type = "reject", sqlstate = "40001" }'
  pgbench -h 127.0.0.1 -p "$proxy_port" -n -M "$mode" -c 4 -t 50 --max-tries 50 >"$folder/retries.txt" 2>&1 || fail "pgbench --max-tries: $(cat "$folder/retries.txt")"
  said retries.txt 'number of transactions actually processed: 200/200'
  retried=$(sed -n 's/^number of transactions retried: \([0-9]*\).*/\1/p' "$folder/retries.txt")
  [ "${retried:-0}" -ge 10 ] || fail "pgbench -M $mode: expected about 40 transactions to be tried again, got: $(cat "$folder/retries.txt")"
done
pass "pgbench tries transactions again that fail by serialization"

postgres shutdown '[[rule]]
match = { statement = "~slow" }
fault = { type = "reject", sqlstate = "57P01" }
[[rule]]
match = { message = "startup" }
start = "5s"
fault = { type = "reject", sqlstate = "53300" }'
sql "$proxy_port" -c 'select 1 as slow' >"$folder/shutdown.txt" 2>&1 && fail "a shutdown: expected psql to fail"
said shutdown.txt 'terminating connection due to administrator command'
full() { sql "$proxy_port" -c 'select 1' >"$folder/full.txt" 2>&1; grep -q 'sorry, too many clients already' "$folder/full.txt"; }
wait_for 15 full || fail "too many clients: expected the login to be refused, got: $(cat "$folder/full.txt")"
pass "a server shuts down, and has too many clients"

postgres other '[[rule]]
match = { statement = "select 1" }
fault = { type = "replace", text = "select 2" }
[[rule]]
match = { message = "data_row" }
fault = { type = "delay", delay = "300ms" }'
begin=$(now)
[ "$(sql "$proxy_port" -c 'select 1')" = 2 ] || fail "replace: expected the answer 2"
at_least "$(since "$begin")" 0.3 || fail "delay: expected a row to arrive after 0.3 s"
pass "SQL is replaced, and rows are delayed"

postgres unsure '[[rule]]
match = { text = "COMMIT" }
fault = { type = "ack_loss" }'
timeout 2 psql -X -q -h 127.0.0.1 -p "$proxy_port" -c 'begin' -c 'insert into accounts values (4, 40)' -c 'commit' >/dev/null 2>&1 &&
  fail "a lost answer to COMMIT: expected psql to wait"
[ "$(sql "$postgres_port" -c 'select amount from accounts where id = 4')" = 40 ] || fail "a lost answer to COMMIT: expected the row to be there"
pass "the answer to a COMMIT is lost, and the transaction is done"

"$brownout" ca init --folder "$folder/ca" >/dev/null
proxy_port=$(free_port)
cat >"$folder/tls.toml" <<FILE
version = 1
[[upstream]]
name = "server"
servers = ["127.0.0.1:$postgres_port"]
tls = { starttls = true, ca = "$folder/server.pem" }
[[listener]]
name = "front"
listen = "127.0.0.1:$proxy_port"
upstream = "server"
protocol = "postgres"
tls = { starttls = true, ca = "$folder/ca" }
[[rule]]
match = { statement = "~update" }
fault = { type = "reject", sqlstate = "40P01" }
FILE
start tls "$brownout" run "$folder/tls.toml" --drain 0s --api off
wait_port "$proxy_port"
secure="host=localhost hostaddr=127.0.0.1 port=$proxy_port sslmode=verify-full sslrootcert=$folder/ca/ca.pem"
[ "$(psql -X -A -t "$secure" -c "select ssl from pg_stat_ssl where pid = pg_backend_pid()")" = t ] ||
  fail "TLS on both sides: expected the server to see TLS; log: $(cat "$folder/tls.log")"
psql -X -v VERBOSITY=sqlstate "$secure" -c 'update accounts set amount = 0' >"$folder/tls.txt" 2>&1 && fail "a refused update inside TLS: expected an error"
said tls.txt 'ERROR:  40P01'
pass "rules act inside TLS, which begins after SSLRequest"

postgres bytes '[[rule]]
match = { statement = "~update" }
fault = { type = "reject" }'
[ "$(psql -X -A -t "host=127.0.0.1 port=$proxy_port sslmode=require" -c 'select 7')" = 7 ] || fail "TLS through the proxy: expected the answer 7"
grep -q 'what follows is encrypted' "$folder/bytes.log" || fail "TLS that is not terminated: expected a line in the log, got: $(cat "$folder/bytes.log")"
pass "TLS that is not terminated passes, and the log says so"
