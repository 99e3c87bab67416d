#!/usr/bin/env bash
# `brownout run --expect`: what must hold when a run ends decides its exit code, as in a rehearsal.
brownout=$1
source "$(dirname "$0")/lib.sh"
need curl /usr/bin/python3
server=$(free_port)
mkdir "$folder/files"
start server /usr/bin/python3 -m http.server --bind 127.0.0.1 --directory "$folder/files" "$server"
wait_port "$server"
web=$(free_port)
cat >"$folder/rules.toml" <<FILE
[[listener]]
name = "web"
protocol = "http"
listen = "127.0.0.1:$web"
upstream = "127.0.0.1:$server"
[[rule]]
name = "some fail"
match = { path = "/fails" }
fault = { type = "abort", status = 503 }
[[rule]]
name = "wait"
match = { path = "/wait" }
probability = "100%"
fault = { type = "abort", status = 429, headers = { retry-after = 60 }, retry_after = "punish" }
FILE
run() { "$brownout" run "$folder/rules.toml" --api off --drain 0s "$@"; }

# visit CODE PATHS OPTION...: runs until it is told to end, meanwhile requests each path, and checks the exit code.
visit() {
  local code=0 path
  start run env "$brownout" run "$folder/rules.toml" --api off --drain 0s "${@:3}"
  wait_port "$web"
  for path in $2; do curl -s -o "$folder/body" "http://127.0.0.1:$web$path" || fail "curl $path"; done
  kill -TERM "$last_pid"
  wait "$last_pid" || code=$?
  [ "$code" = "$1" ] || fail "exit code $code, not $1: $(cat "$folder/run.log")"
}
says() { grep -qE "$1" "$folder/run.log" || fail "run does not say $1: $(cat "$folder/run.log")"; }

hits='rule_hits of "some fail" at least 1'
visit 0 "/ /fails" --expect "$hits" --expect 'availability at web at least 10%'
says '^met +rule_hits of some fail at least 1: 1 \(1 fault happened\)'
says '^met +availability at web at least 10%: 50%'
says '^run: 2 of 2 expectations met'
visit 1 "/" --expect "$hits"
says '^NOT MET +rule_hits of some fail at least 1: 0 \(0 faults happened\)'
visit 3 "" --expect 'availability at web at least 99%'
says '^NOT MEASURED +availability at web .*there was no request'
visit 0 "/"
pass "expectations decide the exit code of a run that a signal ends: met, not met, not measured"

early='came_back_early of wait at most 0'
visit 0 "/wait" --expect "$early"
says '^met +came_back_early of wait at most 0: 0 \(0 requests came before .*clients got Retry-After 1 time\)'
visit 1 "/wait /wait /wait" --expect "$early"
says '^NOT MET +came_back_early of wait at most 0: 2 \(2 requests came before '
says '^ +2 requests came before the time in Retry-After was over'
visit 3 "/" --expect "$early"
says '^NOT MEASURED +came_back_early of wait .*no client got a Retry-After'
expect_code 2 run --expect 'came_back_early of "some fail" at most 0'
expect_text err 'rule "some fail" does not count clients that come back before the time in Retry-After'
pass "clients that come back before Retry-After are counted"

start run env "$brownout" run "$folder/rules.toml" --api off --drain 0s --expect "$hits"
wait_port "$web"
curl -s -o "$folder/body" "http://127.0.0.1:$web/fails"
sed 's/503/502/' "$folder/rules.toml" >"$folder/new.toml"
mv "$folder/new.toml" "$folder/rules.toml"
wait_for 10 grep -q '2 rules loaded' "$folder/run.log" || fail "the file is not reloaded: $(cat "$folder/run.log")"
code=0
kill -TERM "$last_pid"
wait "$last_pid" || code=$?
[ "$code" = 0 ] || fail "hits before a reload are forgotten: $(cat "$folder/run.log")"
pass "faults count that a rule injected before it was changed"

expect_code 1 run --for 300ms --expect "$hits"
expect_text err 'NOT MET      rule_hits of some fail at least 1'
expect_code 0 run --for 300ms
pass "--for ends a run"

expect_code 2 run --for never
expect_text err 'error: --for: "never" is not a duration; give a time from 1ns to 2500000h, e.g. 10m'
expect_code 2 run --for 0s
expect_text err 'error: --for: "0s" must be more than 0; give a time from 1ns to 2500000h, e.g. 10m'
expect_code 2 run --expect 'rule_hits of "some fial" at least 1'
expect_text err '--expect:1:14: error: there is no rule "some fial"'
expect_text err 'did you mean "some fail"?'
expect_code 2 run --expect 'time_to_recover at most 1m'
expect_text err 'cannot be measured by `run`'
pass "a wrong expectation is told before the run begins"
