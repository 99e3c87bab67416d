#!/usr/bin/env bash
# Tests the dashboard in headless Chromium: a rule is added in the page, traffic slows down, and
# halting restores it.
brownout=$1
source "$(dirname "$0")/lib.sh"
need node chromium
here=$(cd "$(dirname "$0")" && pwd)
modules=$here/../../build/npm/node_modules
[ -d "$modules/playwright-core" ] || fail "playwright-core is needed and not installed; run .ci/install-packages --tests"
start_echo
rule_file "$echo_port" 0 >"$folder/rules.toml"
cat >>"$folder/rules.toml" <<'T'
[[listener]]
name = "unused"
listen = "127.0.0.1:0"
upstream = "127.0.0.1:9"
T
openssl rand -hex 32 >"$folder/token"
start run "$brownout" run "$folder/rules.toml" --drain 0s --api 127.0.0.1:0 --token-file "$folder/token"
wait_for 20 grep -q 'dashboard and API' "$folder/run.log" ||
  fail "expected the dashboard to listen within 20 s, but it does not; log: $(cat "$folder/run.log")"
page=$(sed -nE 's/.*dashboard and API on (http.*)/\1/p' "$folder/run.log")
front=$(sed -nE 's/.*listener front: 127\.0\.0\.1:([0-9]+) .*/\1/p' "$folder/run.log")
NODE_PATH=$modules node "$here/dashboard_page.js" "$page/" "$front" "$(cat "$folder/token")" "${SCREENSHOT:-$folder/page.png}" ||
  fail "dashboard in Chromium: expected all steps to succeed, got the error above; log: $(cat "$folder/run.log")"
pass "the dashboard adds a rule, halts and resumes, restores the rule file and cuts a flow, with mouse and keyboard, with a token"
pass "it previews a rule, keeps its history in the proxy, says when it is old, and fits a phone; its text has contrast"
