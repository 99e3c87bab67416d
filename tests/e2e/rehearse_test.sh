#!/usr/bin/env bash
# Rehearsals on the command line: every outage in examples/, handled well and badly; reports as browsers and CI read
# them; Ctrl-C, a full disk, replay and comparison.
brownout=$1
source "$(dirname "$0")/lib.sh"
need /usr/bin/python3 chromium xmllint unshare
outages=$(cd "$(dirname "$0")/../../examples/outages" && pwd)

# Under a sanitizer everything is slow: it may look broken before anything is.
force=()
if grep -qE '__(asan|tsan)_init' "$brownout"; then force=(--force); fi
# All side by side, a few at a time.
rehearse() { # FILE HANDLING
  local name code=0
  name=$(basename "$1" .toml).$2
  "$brownout" rehearse "$1" --ci "${force[@]}" --embedded "$2" --report "$folder/$name" >"$folder/$name.txt" 2>&1 || code=$?
  echo "$code" >"$folder/$name.code"
}
for file in "$outages"/*.toml; do
  for handling in well badly; do
    rehearse "$file" "$handling" &
    while [ "$(jobs -r | wc -l)" -ge 3 ]; do sleep 0.1; done
  done
done
wait
# Under a sanitizer, which slows everything down, only that it runs to its end and reports.
if grep -qE '__(asan|tsan)_init' "$brownout"; then
  for file in "$outages"/*.toml; do
    for handling in well badly; do
      name=$(basename "$file" .toml).$handling
      [[ "$(cat "$folder/$name.code")" = [01] ]] || fail "$name: $(cat "$folder/$name.txt")"
    done
  done
  pass "all outages run to their end"
  exit 0
fi
for file in "$outages"/*.toml; do
  name=$(basename "$file" .toml)
  [ "$(cat "$folder/$name.well.code")" = 0 ] || fail "$name, handled well: $(cat "$folder/$name.well.txt")"
  [ "$(cat "$folder/$name.badly.code")" = 1 ] || fail "$name, handled badly: $(cat "$folder/$name.badly.txt")"
  # What suffers is that people get through, not something beside it.
  grep -qE '^NOT MET +availability' "$folder/$name.badly.txt" || fail "$name fails with: $(cat "$folder/$name.badly.txt")"
done
pass "$(ls "$outages" | wc -l) outages: met when handled well, availability not met when badly"

report=$folder/2021-10-04.well
/usr/bin/python3 - "$report/report.json" "$(dirname "$0")/../../docs/report.schema.json" <<'P'
import json, sys
import jsonschema
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))
P
pass "report.json is as docs/report.schema.json says"
xmllint --noout --schema "$(dirname "$0")/junit.xsd" "$report/junit.xml" "$folder/2021-10-04.badly/junit.xml" 2>"$folder/xml.txt" ||
  fail "junit.xml: $(cat "$folder/xml.txt")"
grep -q '<failure' "$folder/2021-10-04.badly/junit.xml" || fail "no failure in junit.xml"
pass "junit.xml is valid"

# What the page shows, once a browser has read it.
chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync \
  --user-data-dir="$folder/chromium" --dump-dom "file://$report/report.html" >"$folder/dom.html" 2>/dev/null
python3 - "$folder/dom.html" <<'P'
import re, sys
page = open(sys.argv[1]).read()
assert '4 of 4 expectations met' in page, 'no verdict'
assert not re.search(r'(src|href)="?https?:', page), 'it fetches something'
failed = len(re.findall(r'<rect class="failed"', page))
ok = len(re.findall(r'<rect class="ok"', page))
assert failed > 50 and ok > 200, f'{failed} failed, {ok} ok'
for text in ('routes withdrawn', 'phones in the EU', 'names do not resolve', 'detected', 'failed over', 'recovered'):
    assert text in page, text
lines = [p for p in re.findall(r'<polyline class="line" points="([^"]*)"', page) if len(p.split()) > 50]
assert len(lines) >= 4, f'{len(lines)} lines of latency'
# What passed through the proxy: by listener and region, with histograms.
table = re.search(r'<table id="traffic">(.*?)</table>', page, re.S).group(1)
rows = {tuple(re.findall(r'<td>(.*?)</td>', row, re.S)[:2]): row for row in table.split('<tr>')[2:]}
for where in (('chat', 'eu'), ('chat', 'americas'), ('alternative', 'eu'), ('dns', '')):
    assert where in rows, f'{where} is not among {list(rows)}'
    assert len(re.findall(r'<rect class="count"', rows[where])) >= 2, f'no histogram: {rows[where]}'
assert re.search(r'<td>\d+: 127\.0\.0\.\d+:\d+ 100%', rows['chat', 'eu']), rows['chat', 'eu']
P
pass "report.html in Chromium: the verdict, phases, bars, lines, marks; nothing is fetched"

"$brownout" report compare "$report/report.json" "$report/report.json" >"$folder/same.txt" || fail "worse than itself"
if "$brownout" report compare "$report/report.json" "$folder/2021-10-04.badly/report.json" >"$folder/worse.txt"; then fail "not worse"; fi
grep -q '^WORSE' "$folder/worse.txt" || fail "compare says: $(cat "$folder/worse.txt")"
pass "report compare tells better from worse"

TMPDIR=$folder "$brownout" demo >"$folder/demo.txt" || fail "the demo: $(cat "$folder/demo.txt")"
grep -q '4 of 4 expectations met' "$folder/demo.txt" && ls "$folder"/brownout-demo.*/report.html >/dev/null ||
  fail "the demo: $(cat "$folder/demo.txt")"
pass "the demo, without a file, a server or a network"

short=$outages/redundant-server.toml
"$brownout" rehearse --replay "$folder/redundant-server.well/report.json" --ci --embedded well --report "" >"$folder/replay.txt" ||
  fail "replay: $(cat "$folder/replay.txt")"
pass "replay"
code=0
"$brownout" run "$short" 2>"$folder/run.txt" || code=$?
[ "$code" = 2 ] && grep -q 'this is a rehearsal' "$folder/run.txt" || fail "run takes a rehearsal: $(cat "$folder/run.txt")"
code=0
"$brownout" rehearse "$short" --ci --report "" >"$folder/none.txt" 2>&1 || code=$?
[ "$code" = 3 ] && grep -q 'broken before' "$folder/none.txt" || fail "without servers: $code, $(cat "$folder/none.txt")"
pass "a rehearsal whose servers are not there is refused with 3"

start ctrl-c "$brownout" rehearse "$outages/2021-10-04.toml" --embedded well --report "$folder/stopped"
wait_for 20 grep -q 'routes withdrawn' "$folder/ctrl-c.log" || fail "no outage: $(cat "$folder/ctrl-c.log")"
kill -INT "$last_pid"
code=0
wait "$last_pid" || code=$?
[ "$code" = 3 ] || fail "Ctrl-C: exit code $code: $(cat "$folder/ctrl-c.log")"
grep -q '"name": "services come back"' "$folder/stopped/report.json" || fail "Ctrl-C: no recovery"
pass "Ctrl-C: recovery runs, the report is written, exit code 3"

cat >"$folder/full.sh" <<'X'
mkdir -p "$2/disk" && mount -t tmpfs -o size=16k none "$2/disk"
code=0
"$1" rehearse "$3" --ci --embedded well --report "$2/disk/report" >"$2/full.txt" 2>&1 || code=$?
exit "$code"
X
code=0
unshare --map-root-user --mount bash "$folder/full.sh" "$brownout" "$folder" "$short" || code=$?
[ "$code" = 1 ] && grep -q 'No space left on device; the results are above' "$folder/full.txt" &&
  grep -q 'expectations met' "$folder/full.txt" || fail "a full disk: $code, $(cat "$folder/full.txt")"
pass "a full disk: a clear error, the results all the same"
