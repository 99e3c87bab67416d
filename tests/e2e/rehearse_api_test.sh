#!/usr/bin/env bash
# The page, the API and `ctl` while a rehearsal runs; a folder for each report, and the trend over them.
brownout=$1
source "$(dirname "$0")/lib.sh"
need node chromium curl
here=$(cd "$(dirname "$0")" && pwd)
modules=$here/../../build/npm/node_modules
[ -d "$modules/playwright-core" ] || fail "playwright-core is missing (.ci/install-packages --tests)"
start_echo
api=127.0.0.1:$(free_port)
outage() {
  cat <<T
version = 1
seed = 5
[scenario]
name = "lab"
steady = { availability = "90%", for = "1s" }
[[listener]]
name = "chat"
listen = "127.0.0.1:0"
upstream = "127.0.0.1:$echo_port"
[[rule]]
name = "gone"
fault = { type = "reset" }
[[phase]]
name = "calm"
for = "1s"
[[phase]]
name = "outage"
for = "$1"
rules = ["gone"]
[[phase]]
name = "after"
for = "$2"
recovery = true
[[probe]]
name = "phones"
users = 3
every = "100ms"
endpoints = ["chat"]
[[expect]]
name = "all is well afterwards"
metric = "availability"
phase = "after"
at_least = "90%"
T
}
outage 5m 8s >"$folder/long.toml"
cd "$folder"
start rehearse "$brownout" rehearse long.toml --api "$api"
rehearsal=$last_pid
wait_for 20 grep -q "dashboard and API on http://$api" rehearse.log || fail "no API: $(cat rehearse.log)"

rule() { curl -s -o "$folder/answer" -w '%{http_code}' -X "$1" -H 'X-Requested-With: test' "http://$api/api/v1/$2"; }
[ "$(rule POST rules/gone/disable)" = 409 ] && grep -q 'its phases decide' answer || fail "a change: $(cat answer)"
"$brownout" ctl --url "http://$api" status >status.txt || fail "ctl status: $(cat status.txt)"
for change in "POST proxies" "POST populate" "POST reset"; do
  body='{"name":"p","listen":"127.0.0.1:0","upstream":"127.0.0.1:1"}'
  [ "${change#* }" != populate ] || body="[$body]"
  ask 409 'a rehearsal is running' -X "${change% *}" -d "$body" "http://$api/${change#* }"
done
pass "the API of a rehearsal answers, and refuses changes, those of Toxiproxy's clients too"

NODE_PATH=$modules node "$here/rehearse_page.js" "http://$api/" "${SCREENSHOT:-}" || fail "the page: $(cat rehearse.log)"
code=0
wait "$rehearsal" || code=$?
[ "$code" = 3 ] && grep -q 'stopped: the API halted the rehearsal' rehearse.log || fail "exit code $code: $(cat rehearse.log)"
pass "the page shows the phases and the users' success, and Halt goes on with the recovery"

# Each run has its folder; `latest` is the last one.
outage 1s 1s >short.toml
for run in 1 2; do "$brownout" rehearse short.toml --api off >"run$run.txt" || fail "run $run: $(cat "run$run.txt")"; done
[ "$(find report -mindepth 1 -maxdepth 1 -type d | wc -l)" = 3 ] || fail "folders: $(ls -l report)"
latest=$(sed -n 's/^report: //p' run2.txt)
cmp -s "$latest" report/latest/report.html || fail "latest is not $latest: $(ls -l report)"
"$brownout" report trend --metric availability --html trend.html --markdown trend.md >trend.txt || fail "trend: $(cat trend.txt)"
grep -q '^lab: 3 runs' trend.txt && [ "$(grep -c ' met  *100%' trend.txt)" -ge 2 ] || fail "trend: $(cat trend.txt)"
grep -q '<polyline class="line"' trend.html && grep -q '^| 20' trend.md || fail "no picture: $(cat trend.md)"
"$brownout" report compare report/latest report/latest --html compare.html --markdown compare.md >/dev/null || fail "compare"
grep -q 'nothing got worse</h1>' compare.html && grep -q '| same | all is well afterwards |' compare.md || fail "compare: $(cat compare.md)"
expect_code 2 "$brownout" report trend --metric nothing
expect_text err 'correct --metric, or leave it out to see all expectations'
pass "each run has a folder of reports; trend and compare write text, HTML and Markdown"

# Runs of one second are in the order of their folders; a broken report is left out; a name cannot control the terminal.
/usr/bin/python3 - "$latest" <<'P'
import json, os, pathlib, sys
report = json.loads(pathlib.Path(sys.argv[1]).with_name("report.json").read_text(encoding="utf-8"))
expectation = report["expectations"][0]
expectation["name"] = "\x1b[31mred\rname"
report["started"] = "2026-01-01T00:00:00Z"
for number, suffix in ((1, ""), (2, "-2"), (10, "-10")):
    expectation["value"] = number / 100
    folder = pathlib.Path("second/2026-01-01T00-00-00Z" + suffix)
    os.makedirs(folder)
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
os.makedirs("second/broken")
pathlib.Path("second/broken/report.json").write_text("{", encoding="utf-8")
P
expect_code 0 "$brownout" report trend second
[ "$(grep '^  2026' out | grep -oE '[0-9]+%' | tr '\n' ' ')" = '1% 2% 10% ' ] || fail "order of runs: $(cat out)"
grep -q '^\\x1b\[31mred\\rname$' out || fail "a name with control characters: $(cat -v out)"
expect_text err 'second/broken/report.json: warning: this report is left out: the file is not the report of a rehearsal'
expect_code 0 "$brownout" report trend second --output json
/usr/bin/python3 -c "
import json
points = json.load(open('out'))['expectations'][0]['points']
assert [point['value'] for point in points] == [0.01, 0.02, 0.1], points
" || fail "trend --output json: $(cat out)"
expect_code 2 "$brownout" report trend second/broken
pass "a trend has runs in order, leaves out a broken report, and escapes names"

# An API that is wanted and not there is told.
openssl rand -hex 32 >token
for without in --ci "--api off"; do
  # shellcheck disable=SC2086
  expect_code 2 "$brownout" rehearse short.toml $without --token-file token --report ""
  expect_text err 'this rehearsal serves no API (add --api 127.0.0.1:8474, or leave --token-file out)'
done
start busy /usr/bin/python3 -m http.server 8474 --bind 127.0.0.1
wait_port 8474
expect_code 0 "$brownout" rehearse short.toml --report ""
[ "$(grep -c 'warning: dashboard and API are not served: cannot listen on 127.0.0.1:8474: .*; give another address with --api, or --api off' err)" = 1 ] ||
  fail "a busy port: $(cat err)"
expect_code 2 "$brownout" rehearse short.toml --token-file token --report ""
expect_text err 'the API (--api): cannot listen on 127.0.0.1:8474'
pass "a token without an API, and a busy port, are told"
