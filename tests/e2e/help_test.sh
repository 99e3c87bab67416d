#!/usr/bin/env bash
# What helps a user at the prompt: help with examples, suggestions, the man page, completion, and JSON for programs.
brownout=$1
here=$(cd "$(dirname "$0")" && pwd)
source "$here/lib.sh"
need python3

# Every example is a valid command line, and the help of each command ends with its two.
expect_code 0 "$brownout" generate examples
while read -r line; do
  name=$(sed -E 's/^brownout ([a-z]+).*/\1/' <<<"$line")
  expect_code 0 "$brownout" "$name" --help
  expect_text out "Examples:"
done < <("$brownout" generate examples)
for command in run "ctl enable" "firewall diff" schema; do
  # shellcheck disable=SC2086
  expect_code 0 "$brownout" $command --help
  [ "$(sed '/./!d' "$folder/out" | tail -4 | grep -c '^  # ')" = 2 ] || fail "$command: its help does not end with two examples"
done
expect_code 0 "$brownout" --help
expect_text out "Exit codes:"
[ "$(awk '/^Exit codes/ { on = 1 } on && length($0) > 80' "$folder/out")" = "" ] || fail "the exit codes are wider than 80 columns"
pass "help ends with examples that are valid, and with the exit codes"

suggests() { # suggests WORD COMMAND...: the error names it, and there is no page of help
  expect_code 2 "$brownout" "${@:2}"
  expect_text err "did you mean \"$1\"?"
  [ "$(wc -l <"$folder/err")" -le 3 ] || fail "${*:2} prints a page of help"
}
suggests check chek rules.toml
suggests halt ctl hlat
suggests import firewall inport
suggests --flows run rules.toml --flow=x.jsonl
suggests --url ctl status --ulr http://127.0.0.1:1
suggests --listener ctl add latency --listner chat
expect_code 2 "$brownout" check
expect_text err "rules is required"
expect_code 2 "$brownout" run rules.toml --log-level loud
expect_text err "loud not in"
expect_code 2 "$brownout" run rules.toml --workers
[ "$(wc -l <"$folder/err")" -le 3 ] || fail "an option without its value prints a page of help"
pass "mistyped commands and options get a suggestion"

"$brownout" generate man >"$folder/brownout.1"
for section in SYNOPSIS COMMANDS SIGNALS "EXIT STATUS" ENVIRONMENT FILES EXAMPLES; do
  grep -q "^.SH $section\$" "$folder/brownout.1" || fail "the man page has no section $section"
done
sed -n '/^.SS ctl enable/,/^.SS/p' "$folder/brownout.1" | grep -q 'token\\-file' || fail "the man page lacks ctl's own options"
grep -q NO_COLOR "$folder/brownout.1" || fail "the man page lacks NO_COLOR"
pass "the man page has all sections, and the options of parent commands"

# completion: candidates WORD...: the words behind brownout, the last one at the cursor.
"$brownout" generate bash >"$folder/brownout.bash"
for shell in zsh fish; do
  "$brownout" generate "$shell" >"$folder/completion.$shell"
  if command -v "$shell" >/dev/null; then "$shell" -n "$folder/completion.$shell" || fail "$shell completion"; fi
done
export PATH="$(dirname "$brownout"):$PATH"
candidates() {
  bash --norc -c 'source "$1"; shift
    COMP_WORDS=(brownout "$@"); COMP_CWORD=$#
    _brownout brownout 2>/dev/null; printf "%s\n" "${COMPREPLY[@]}"' - "$folder/brownout.bash" "$@"
}
offers() { # offers CANDIDATE WORD...
  candidates "${@:2}" >"$folder/candidates"
  grep -qxF -- "$1" "$folder/candidates" || fail "completing ${*:2} does not offer $1: $(cat "$folder/candidates")"
}
offers run ru
offers enable ctl en
offers --token-file ctl enable --tok
offers debug run rules.toml --log-level ""
offers json check rules.toml --output j
offers json check rules.toml --output = j
offers latency ctl add lat
offers delay= ctl add latency de
offers latency run --listen 5433 --to 5432 --fault late
cd "$folder" || exit 1
rule_file 1 0 '[[rule]]
name = "slow"
fault = { type = "latency", delay = "5ms" }' >rules.toml
offers front explain rules.toml --listener ""
offers rules.toml check ru
offers rules.toml exec rules.toml -- cat ru
offers cat exec rules.toml -- cat
[ -z "$(candidates explain rules.toml --listener x)" ] || fail "a name that does not fit is offered"
[ -z "$(candidates ctl enable --url http://127.0.0.1:1 '')" ] || fail "a proxy that does not run has rules"
api=$(free_port)
start proxy "$brownout" run rules.toml --api "127.0.0.1:$api"
wait_port "$api"
offers slow ctl enable --url "http://127.0.0.1:$api" ""
offers slow ctl enable --url http : //127.0.0.1 : "$api" s
offers front ctl add latency --url "http://127.0.0.1:$api" --listener ""
# A server that accepts and says nothing must not hold the prompt up.
silent=$(free_port)
start silent python3 -c "
import socket, time
s = socket.create_server(('127.0.0.1', $silent)); time.sleep(60)"
wait_port "$silent"
begin=$(now)
[ -z "$(candidates ctl enable --url "http://127.0.0.1:$silent" '')" ] || fail "a silent server has rules"
at_least 3 "$(since "$begin")" || fail "completion waits for a silent server"
mkfifo pipe
begin=$(now)
candidates explain pipe --listener "" >/dev/null
at_least 3 "$(since "$begin")" || fail "completion waits for a pipe"
pass "completion: values, faults, names of a file and of a running proxy, the command behind --"

json() { python3 -c "import json, sys; r = json.load(open('$folder/out')); assert $1, r" || fail "$2: $(cat "$folder/out")"; }
expect_code 0 "$brownout" check rules.toml --output json
json 'r["ok"] and r["rules"] == 1 and r["listeners"] == 1 and r["errors"] == []' "check"
rule_file 1 0 '[[rule]]
fault = { type = "latency", jiter = "5ms" }' >bad.toml
expect_code 2 "$brownout" check bad.toml --output json
json 'not r["ok"] and r["errors"][0]["line"] == 11 and "jiter" in r["errors"][1]["what"] and "jitter" in r["errors"][1]["hint"]' "check of a bad file"
expect_code 2 "$brownout" check nowhere.toml --output json
json 'not r["ok"] and "No such file" in r["errors"][0]["what"]' "check of a missing file"
expect_code 0 "$brownout" explain rules.toml --listener front --client 10.1.2.3 --output json
json 'r["acting"] == 1 and r["rules"][0]["name"] == "slow" and r["rules"][0]["acts"] and r["client"].startswith("10.1.2.3")' "explain"
expect_code 0 "$brownout" ca init --folder ca
expect_code 0 "$brownout" ca show --folder ca --output json
json 'r["certificate"] == "ca/ca.pem" and r["sha256"]' "ca show"
printf '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n' >old.save
printf '*filter\n:INPUT DROP [0:0]\nCOMMIT\n' >new.save
echo '{"protocol":"tcp","client":"10.1.2.3:5000","destination":"10.0.0.1:80"}' >flows.jsonl
expect_code 1 "$brownout" firewall diff old.save new.save --flows flows.jsonl --output json
json 'r["flows"] == 1 and r["unchanged"] == 0 and len(r["breaks"]) == 1 and r["opens"] == []' "firewall diff"
outage=$here/../../examples/outages/redundant-server.toml
expect_code 0 "$brownout" rehearse "$outage" --embedded well --virtual-time --report before --output json
json 'r["result"] == "met" and len(r["expectations"]) > 0' "rehearse"
expect_code 0 "$brownout" report compare before before --output json
json 'not r["regressed"] and {"how", "name", "before", "after"} == set(r["values"][0])' "report compare"
for command in status rules listeners flows top; do
  expect_code 0 "$brownout" ctl "$command" --url "127.0.0.1:$api" --output json
  json 'r is not None' "ctl $command"
done
expect_code 0 "$brownout" ctl rules --url "127.0.0.1:$api" --output text
expect_text out "RULE"
expect_code 0 "$brownout" ctl disable slow --url "127.0.0.1:$api" --output json
json 'r["enabled"] is False' "ctl disable"
wait_for 5 grep -q 'API: rule slow disabled' proxy.log || fail "the log does not say which change the API made"
pass "--output json"

expect_code 2 "$brownout" explain rules.toml --listener front --url http://x.test/
expect_text err '--url does not fit listener "front", whose protocol is tcp'
expect_code 2 "$brownout" explain rules.toml --listener front --topic chat
expect_text err 'it describes a message of MQTT'
echo 0123456789abcdef0123 >token
guarded=$(free_port)
start guarded "$brownout" run rules.toml --api "127.0.0.1:$guarded" --token-file token
wait_port "$guarded"
for command in status watch halt; do
  code=0
  "$brownout" ctl "$command" --url "127.0.0.1:$guarded" >out 2>err || code=$?
  [ "$code" != 0 ] || fail "ctl $command needs no token"
  grep -q -- --token-file err || fail "ctl $command does not name --token-file: $(cat err)"
done
pass "explain and ctl say what an option needs"

# On a terminal: colours, unless NO_COLOR is set.
colours() { python3 - "$brownout" "$folder/warn.toml" <<'P'
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[1], [sys.argv[1], 'run', sys.argv[2], '--api', 'off', '--drain', '0s'])
text = b''
while b'other machines' not in text:
    text += os.read(terminal, 4096)
os.kill(pid, 15)
print('yes' if b'\x1b[33m' in text else 'no')
P
}
rule_file 1 0 | sed 's/127.0.0.1:0/0.0.0.0:0/' >warn.toml
[ "$(colours)" = yes ] || fail "no colours on a terminal"
[ "$(NO_COLOR=1 colours)" = no ] || fail "NO_COLOR is ignored"
pass "NO_COLOR"
