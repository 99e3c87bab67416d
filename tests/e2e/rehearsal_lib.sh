# Functions for the end-to-end tests of rehearsals with real servers. Source after lib.sh.
outages=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../examples/outages" && pwd)
# With a sanitizer all programs are slow, so the steady state may not be met (hence --force).
slow=()
if grep -qE '__(asan|tsan)_init' "$brownout"; then slow=(--force); fi
# Exit codes of a rehearsal that meets its expectations, and of a rehearsal with an expectation that
# could not be measured.
ok=0 unmeasured=3
[ ${#slow[@]} -eq 0 ] || ok=01 unmeasured=13

# rehearse NAME: runs the rehearsal $folder/NAME.toml. Its output goes to NAME.txt, its exit code to
# NAME.code, and its report to NAME/.
rehearse() {
  local code=0
  "$brownout" rehearse "$folder/$1.toml" --ci "${slow[@]}" --report "$folder/$1" >"$folder/$1.txt" 2>&1 || code=$?
  echo "$code" >"$folder/$1.code"
}
# code NAME DIGITS: the exit code of a rehearsal is one of DIGITS.
code() { [[ "$(cat "$folder/$1.code")" = [$2] ]] || fail "rehearsal $1: expected an exit code in [$2], got $(cat "$folder/$1.code"): $(cat "$folder/$1.txt")"; }
# says NAME REGEX: the output of a rehearsal matches.
says() { grep -qE "$2" "$folder/$1.txt" || fail "rehearsal $1: expected output that matches \"$2\", got: $(cat "$folder/$1.txt")"; }

# scenario_file NAME SERVER_PORT LISTENER_KEYS PHASE_KEYS: prints a rehearsal with one phase of three
# minutes, without users and expectations.
scenario_file() {
  cat <<FILE
version = 1
seed = 7
[scenario]
name = "$1"
time_scale = "60x"
# On a busy machine the first operation of a user takes longer than later ones.
steady = { for = "90s" }
[[upstream]]
name = "server"
servers = ["127.0.0.1:$2"]
[[listener]]
name = "front"
listen = "127.0.0.1:$(free_port)"
upstream = "server"
$3
[[phase]]
name = "all the time"
for = "3m"
$4
FILE
}
# users_and_expectations KIND PROBE_KEYS: prints three users, all of whose messages must arrive
# once and in order.
users_and_expectations() {
  cat <<FILE
[[probe]]
name = "services"
kind = "$1"
users = 3
every = "6s"
timeout = "1s"
endpoints = ["front"]
$2
[[expect]]
metric = "availability"
at_least = "100%"
[[expect]]
metric = "messages_lost"
at_most = 0
[[expect]]
metric = "messages_duplicated"
at_most = 0
[[expect]]
metric = "messages_reordered"
at_most = 0
FILE
}
