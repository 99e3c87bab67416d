#!/usr/bin/env bash
# Tests the first steps of a new user: a file of five lines, options instead of a file, a misspelt
# command, and a JSON schema for editors.
brownout=$1
here=$(cd "$(dirname "$0")" && pwd)
source "$here/lib.sh"
need curl python3

echo hello >"$folder/index.html"
port=$(free_port)
start server /usr/bin/python3 -m http.server "$port" --bind 127.0.0.1 --directory "$folder"
wait_for 10 curl -sf "http://127.0.0.1:$port/" -o /dev/null

# takes PORT: prints the milliseconds that a request to this port takes.
takes() { curl -s -o /dev/null -w '%{time_total}' "http://127.0.0.1:$1/" | awk '{ print int($1 * 1000) }'; }

here_port=$(free_port)
cat >"$folder/five.toml" <<R
[[listener]]
listen = "127.0.0.1:$here_port"
upstream = "127.0.0.1:$port"
[[rule]]
fault = { type = "latency", delay = "150ms" }
R
expect_code 0 "$brownout" check "$folder/five.toml"
expect_code 0 "$brownout" explain "$folder/five.toml" --listener "tcp-$here_port"
start five "$brownout" run "$folder/five.toml" --api off
wait_for 10 grep -q "tcp-$here_port" "$folder/five.log"
[ "$(takes "$here_port")" -ge 300 ] || fail "the README's first rule file: expected a round trip of 300 ms or more, got: $(takes "$here_port") ms"
kill "$last_pid"
pass "five lines are a rule file"

start quick "$brownout" run --listen "$here_port" --to "$port" --fault 'latency delay=100ms' --fault 'loss loss=0%' --api off
wait_for 10 grep -q "tcp-$here_port" "$folder/quick.log"
[ "$(takes "$here_port")" -ge 200 ] || fail "options instead of a rule file: expected a round trip of 200 ms or more, got $(takes "$here_port") ms"
kill "$last_pid"
grep -v '^#' "$folder/quick.log" | sed -n '/^\[\[listener/,/^fault.*loss/p' >"$folder/printed.toml"
expect_code 0 "$brownout" check "$folder/printed.toml"
grep -q '^fault = { type = "latency", delay = "100ms" }$' "$folder/printed.toml" ||
  fail "options instead of a rule file: expected the equivalent file to be printed, got: $(cat "$folder/quick.log")"
start preset "$brownout" run --listen "$here_port" --to "$port" --fault 'preset satellite-geo' --api off
wait_for 10 grep -q "tcp-$here_port" "$folder/preset.log"
[ "$(takes "$here_port")" -ge 500 ] || fail "--fault with a preset: expected a round trip of 500 ms or more, got $(takes "$here_port") ms"
kill "$last_pid"
expect_code 2 "$brownout" run
expect_text err 'a rule file is needed'
expect_code 2 "$brownout" run --listen 5433
expect_text err '--listen needs --to'
expect_code 2 "$brownout" run --listen 5433 --to 5432 --fault 'latncy delay=1ms'
expect_text err 'did you mean "latency"?'
expect_code 2 "$brownout" run --listen 5433 --to 5432 --fault 'latency 1ms'
expect_text err '"1ms" is not of the form KEY=VALUE'
expect_code 2 "$brownout" run "$folder/five.toml" --listen 5433 --to 5432
pass "run needs no file: --listen, --to and --fault stand for one"

expect_code 2 "$brownout" chek
expect_text err 'error: brownout has no command "chek"'
expect_text err 'did you mean "check"?'
[ "$(wc -l <"$folder/err")" -le 3 ] || fail "a misspelt command: expected an error message of at most 3 lines, got: $(cat "$folder/err")"
expect_code 2 "$brownout" run rules.toml --worker=3
expect_text err 'did you mean "--workers"?'
expect_code 2 "$brownout" ctl haltt
expect_text err 'did you mean "halt"?'
expect_code 2 "$brownout" check a.toml b.toml
expect_text err 'brownout check does not take the argument "b.toml"'
pass "a mistyped command gets a suggestion and no page of help"

"$brownout" schema >"$folder/schema.json"
/usr/bin/python3 - "$folder/schema.json" "$here/../../examples" <<'P' || fail "expected the JSON schema to accept and reject the same files as check, got the Python error above"
import copy, json, pathlib, sys, tomllib
import jsonschema

schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
wrong = 0
files = sorted(pathlib.Path(sys.argv[2]).rglob("*.toml"))
files = [file for file in files if {"rule", "listener"} & tomllib.loads(file.read_text()).keys()]
assert len(files) > 100, len(files)
for file in files:
    document = tomllib.loads(file.read_text())
    for error in validator.iter_errors(document):
        wrong += 1
        print(f"{file.name}: {error.json_path}: {error.message[:200]}")
base = {"listener": [{"listen": "127.0.0.1:1", "upstream": "127.0.0.1:2"}],
        "rule": [{"fault": {"type": "latency", "delay": "300ms"}}]}
assert validator.is_valid(base)
def broken(change):
    document = copy.deepcopy(base)
    change(document)
    return document
for name, change in {
    "an unknown key": lambda d: d.update(rules=[]),
    "an unknown key of a rule": lambda d: d["rule"][0].update(prob="1%"),
    "an unknown fault": lambda d: d["rule"][0]["fault"].update(type="latncy"),
    "a key of another fault": lambda d: d["rule"][0]["fault"].update(rate="1 Mbit/s"),
    "a fault without its required key": lambda d: d["rule"][0]["fault"].pop("delay"),
    "a duration without a unit": lambda d: d["rule"][0]["fault"].update(delay="300"),
    "a number for a duration": lambda d: d["rule"][0]["fault"].update(delay=300),
    "an unknown key of match": lambda d: d["rule"][0].update(match={"hosts": "a"}),
    "a probability above one": lambda d: d["rule"][0].update(probability=20),
    "an unknown value": lambda d: d["listener"][0].update(forwarding="fast"),
    "a number out of range": lambda d: d["listener"][0].update(backlog=0),
    "a listener without an address": lambda d: d["listener"][0].pop("listen"),
    "a table instead of a list": lambda d: d.update(rule={"fault": {"type": "down"}}),
}.items():
    if validator.is_valid(broken(change)):
        wrong += 1
        print(f"the schema accepts {name}")
sys.exit(wrong > 0)
P
pass "the schema accepts every example and refuses common mistakes"
