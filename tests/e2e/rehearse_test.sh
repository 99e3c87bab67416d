#!/usr/bin/env bash
# Tests rehearsals on the command line: every outage in examples/outages, handled well and badly;
# reports for browsers and CI; Ctrl-C, a full disk, replay and comparison.
brownout=$1
source "$(dirname "$0")/lib.sh"
need /usr/bin/python3 chromium xmllint unshare
outages=$(cd "$(dirname "$0")/../../examples/outages" && pwd)

# All rehearsals run in virtual time, except those with users of kind mqtt, whose library waits in
# real time, and one each for http and tls. These confirm that virtual time gives the same results
# as real time. The demo does so for tcp and dns.
real_time=(acknowledgements-lost half-open bad-rollout certificate-expired)
is_real() { [[ " ${real_time[*]} " = *" $1 "* ]]; }
# With a sanitizer, rehearsals in real time are too slow for the steady state (hence --force).
sanitized=
if grep -qE '__(asan|tsan)_init' "$brownout"; then sanitized=yes; fi
# All rehearsals run in parallel, a few at a time.
rehearse() { # FILE HANDLING: rehearses FILE with clients that handle the outage well or badly.
  local name code=0 options=(--virtual-time)
  name=$(basename "$1" .toml)
  if is_real "$name"; then options=(${sanitized:+--force}); fi
  name=$name.$2
  "$brownout" rehearse "$1" --ci "${options[@]}" --embedded "$2" --report "$folder/$name" >"$folder/$name.txt" 2>&1 || code=$?
  echo "$code" >"$folder/$name.code"
}
if [ -z "$sanitized" ]; then
  TMPDIR=$folder "$brownout" demo >"$folder/demo.txt" &
  demo=$!
fi
# The outages of other servers have their own tests (rehearse_nats_test, rehearse_redis_test, rehearse_tcp_test,
# rehearse_postgres_test, rehearse_kafka_test).
mapfile -t files < <(ls "$outages"/*.toml | grep -v -e nats- -e redis- -e own-protocol -e postgres- -e silent- -e kafka-)
for file in "${files[@]}"; do
  for handling in well badly; do
    rehearse "$file" "$handling" &
    rehearsals+=("$!")
    while [ "$(jobs -r | wc -l)" -ge 6 ]; do sleep 0.05; done
  done
done
wait "${rehearsals[@]}"
for file in "${files[@]}"; do
  name=$(basename "$file" .toml)
  if [ -n "$sanitized" ] && is_real "$name"; then
    # Check only that the rehearsal completes and writes a report.
    for handling in well badly; do
      [[ "$(cat "$folder/$name.$handling.code")" = [01] ]] ||
        fail "$name, handled $handling: expected exit code 0 or 1, got $(cat "$folder/$name.$handling.code"): $(cat "$folder/$name.$handling.txt")"
    done
    continue
  fi
  [ "$(cat "$folder/$name.well.code")" = 0 ] ||
    fail "$name, handled well: expected exit code 0, got $(cat "$folder/$name.well.code"): $(cat "$folder/$name.well.txt")"
  [ "$(cat "$folder/$name.badly.code")" = 1 ] ||
    fail "$name, handled badly: expected exit code 1, got $(cat "$folder/$name.badly.code"): $(cat "$folder/$name.badly.txt")"
  # The rehearsal must fail because of availability, and not because of a side effect.
  grep -qE '^NOT MET .*availability' "$folder/$name.badly.txt" ||
    fail "$name, handled badly: expected availability to be not met, got: $(cat "$folder/$name.badly.txt")"
done
pass "${#files[@]} outages: met when handled well, availability not met when badly"
code=0
"$brownout" rehearse "$outages/half-open.toml" --embedded well --virtual-time --report "" >"$folder/virtual.txt" 2>&1 || code=$?
[ "$code" = 2 ] && grep -q 'cannot run in virtual time' "$folder/virtual.txt" ||
  fail "mqtt users in virtual time: expected exit code 2 and \"cannot run in virtual time\", got exit code $code and: $(cat "$folder/virtual.txt")"
code=0
"$brownout" rehearse "$outages/slow-network.toml" --virtual-time --report "" >"$folder/virtual.txt" 2>&1 || code=$?
[ "$code" = 2 ] && grep -q 'requires --embedded' "$folder/virtual.txt" ||
  fail "virtual time with real servers: expected exit code 2 and \"requires --embedded\", got exit code $code and: $(cat "$folder/virtual.txt")"
pass "virtual time is refused for probes outside the process"
if [ -n "$sanitized" ]; then exit 0; fi

code=0
wait "$demo" || code=$?
report=$(echo "$folder"/brownout-demo.*/report.html)
report=${report%/report.html}
[ "$code" = 0 ] && grep -q '4 of 4 expectations met' "$folder/demo.txt" && [ -e "$report/report.html" ] ||
  fail "brownout demo: expected exit code 0, \"4 of 4 expectations met\" and a report, got exit code $code and: $(cat "$folder/demo.txt")"
pass "the demo, without a file, a server or a network, in real time"

/usr/bin/python3 - "$report/report.json" "$(dirname "$0")/../../docs/report.schema.json" <<'P'
import json, sys
import jsonschema
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))
P
pass "report.json conforms to docs/report.schema.json"
xmllint --noout --schema "$(dirname "$0")/junit.xsd" "$report/junit.xml" "$folder/2021-10-04.badly/junit.xml" 2>"$folder/xml.txt" ||
  fail "junit.xml: expected a file that conforms to junit.xsd, got: $(cat "$folder/xml.txt")"
grep -q '<failure' "$folder/2021-10-04.badly/junit.xml" || fail "junit.xml of an outage handled badly: expected a <failure>, found none"
pass "junit.xml is valid"

# The contents of the report page after a browser has loaded it.
chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync \
  --user-data-dir="$folder/chromium" --dump-dom "file://$report/report.html" >"$folder/dom.html" 2>/dev/null
python3 - "$folder/dom.html" <<'P'
import re, sys
page = open(sys.argv[1]).read()
assert '4 of 4 expectations met' in page, 'no verdict'
assert not re.search(r'(src|href)="?https?:', page), 'it fetches something'
sentence = re.search(r'<p id="summary">(.*?)</p>', page).group(1)
for part in ('met all of its 4 expectations', 'it started on 20', ' UTC, ran for ', 'processor', 'with Brownout ', 'seed 20211004.'):
    assert part in sentence, f'{part} is not in: {sentence}'
for landmark in ('<header>', '<main>', '<nav aria-label', '<section id="failures"'):
    assert landmark in page, landmark
errors = re.search(r'<table id="errors">(.*?)</table>', page, re.S).group(1)
assert 'routes withdrawn</th>' in errors and re.search(r'<td class="number">\d', errors), errors
assert page.index('The rule file</h2>') > page.index('Impact</h2>') and '[[probe]]' in page, 'no rule file at the end'
failed = len(re.findall(r'<rect class="failed"', page))
ok = len(re.findall(r'<rect class="ok"', page))
assert failed > 50 and ok > 200, f'{failed} failed, {ok} ok'
for text in ('routes withdrawn', 'phones in the EU', 'names do not resolve', 'detected', 'failed over', 'recovered'):
    assert text in page, text
lines = [p for p in re.findall(r'<polyline class="line" points="([^"]*)"', page) if len(p.split()) > 50]
assert len(lines) >= 3, f'{len(lines)} lines of latency'
# The traffic by listener and region: requests with a histogram, or exchanges of bytes in protocols
# that are not parsed.
table = re.search(r'<table id="traffic">(.*?)</table>', page, re.S).group(1)
rows, listener = {}, ''
for row in table.split('<tr>')[2:]:
    named = re.search(r'<th scope="rowgroup"[^>]*>(.*?)</th>', row)
    listener = named.group(1) if named else listener
    rows[listener, re.search(r'<td>(.*?)</td>', row).group(1)] = row
for where in (('chat', 'eu'), ('chat', 'americas'), ('alternative', 'eu'), ('dns', '')):
    assert where in rows, f'{where} is not among {list(rows)}'
    served, turns = (re.findall(r'<td>(.*?)</td>', rows[where], re.S)[i] for i in (1, 6))
    requests = where == ('dns', '')
    assert (len(re.findall(r'<rect class="count"', rows[where])) >= 2) == requests, f'histogram: {rows[where]}'
    assert (served != '-') == requests and (turns == '-') == requests, rows[where]
assert re.search(r'<td>\d+: 127\.0\.0\.\d+:\d+ 100%', rows['chat', 'eu']), rows['chat', 'eu']
P
pass "report.html in Chromium: the verdict, phases, bars, lines, marks; nothing is fetched"

"$brownout" report compare "$report" "$report/report.json" >"$folder/same.txt" ||
  fail "report compare of a report with itself: expected exit code 0, got $?: $(cat "$folder/same.txt")"
if "$brownout" report compare "$report/report.json" "$folder/2021-10-04.badly/report.json" >"$folder/worse.txt"; then
  fail "report compare with a worse report: expected a nonzero exit code, got 0: $(cat "$folder/worse.txt")"
fi
grep -q '^WORSE' "$folder/worse.txt" || fail "report compare with a worse report: expected a line WORSE, got: $(cat "$folder/worse.txt")"
code=0
"$brownout" report compare "$folder/slow-network.well/report.json" "$report/report.json" >"$folder/unrelated.txt" 2>&1 || code=$?
[ "$code" = 2 ] && grep -q 'the reports cannot be compared' "$folder/unrelated.txt" ||
  fail "report compare of unrelated reports: expected exit code 2 and \"the reports cannot be compared\", got exit code $code and: $(cat "$folder/unrelated.txt")"
pass "report compare reports better and worse values, and refuses unrelated reports"

mkfifo "$folder/page"
cat "$folder/page" >"$folder/page.html" &
"$brownout" report compare "$report" "$report/report.json" --html "$folder/page" >/dev/null || fail "report compare --html to a pipe: expected exit code 0, got $?"
wait "$!"
[ -p "$folder/page" ] && grep -q '</html>' "$folder/page.html" ||
  fail "report compare --html to a pipe: expected the page in the pipe, got: $(ls -l "$folder/page"; head -c 200 "$folder/page.html")"
pass "a report page written to a pipe or a device leaves it in place"

short=$outages/redundant-server.toml
"$brownout" rehearse --replay "$folder/redundant-server.well/report.json" --ci --embedded well --virtual-time --report "" >"$folder/replay.txt" ||
  fail "replay of a report handled well: expected exit code 0, got $?: $(cat "$folder/replay.txt")"
# A report contains the settings of its rehearsal, so it can be run again.
code=0
"$brownout" rehearse --replay "$folder/redundant-server.badly/report.json" --ci --report "" >"$folder/replay.txt" 2>&1 || code=$?
[ "$code" = 1 ] && grep -q '^NOT MET .*availability' "$folder/replay.txt" ||
  fail "replay of a report handled badly: expected exit code 1 and availability to be not met, got exit code $code and: $(cat "$folder/replay.txt")"
pass "replay, with the servers and the pace of the report"
{ cat "$short"; printf '[[rule]]\nname = "gone"\nmatch = { client = "192.0.2.1" }\nfault = { type = "refuse" }\n'; } >"$folder/gone.toml"
for mode in "" --ci; do
  code=0
  "$brownout" rehearse "$folder/gone.toml" $mode --embedded well --virtual-time --report "" >"$folder/gone.txt" 2>&1 || code=$?
  word=${mode:+NOT MET} wanted=${mode:+1}
  [ "$code" = "${wanted:-0}" ] && grep -q "^${word:-warning} *rule gone matched nothing" "$folder/gone.txt" ||
    fail "a rule that matched nothing, ${mode:-without --ci}: expected exit code ${wanted:-0} and \"${word:-warning}\", got exit code $code and: $(cat "$folder/gone.txt")"
done
pass "a rule that matched nothing is a warning, and with --ci a failure"
code=0
"$brownout" rehearse "$short" --ci --embedded well --report /proc/none >"$folder/none.txt" 2>&1 || code=$?
[ "$code" = 2 ] && grep -q 'another folder' "$folder/none.txt" ||
  fail "a report folder that cannot be created: expected exit code 2 and \"another folder\", got exit code $code and: $(cat "$folder/none.txt")"
pass "a report folder that cannot be written is an error before the outage begins"
code=0
"$brownout" run "$short" 2>"$folder/run.txt" || code=$?
[ "$code" = 2 ] && grep -q 'this is a rehearsal' "$folder/run.txt" ||
  fail "brownout run with a rehearsal: expected exit code 2 and \"this is a rehearsal\", got exit code $code and: $(cat "$folder/run.txt")"
code=0
"$brownout" rehearse "$short" --ci --report "" >"$folder/none.txt" 2>&1 || code=$?
[ "$code" = 3 ] && grep -q 'steady state was not met' "$folder/none.txt" ||
  fail "a rehearsal without servers: expected exit code 3 and \"steady state was not met\", got exit code $code and: $(cat "$folder/none.txt")"
pass "a rehearsal without reachable servers exits with 3"

start ctrl-c "$brownout" rehearse "$outages/2021-10-04.toml" --embedded well --report "$folder/stopped"
wait_for 20 grep -q 'routes withdrawn' "$folder/ctrl-c.log" ||
  fail "Ctrl-C: expected the outage to begin within 20 s, got: $(cat "$folder/ctrl-c.log")"
kill -INT "$last_pid"
code=0
wait "$last_pid" || code=$?
[ "$code" = 3 ] || fail "Ctrl-C: expected exit code 3, got $code: $(cat "$folder/ctrl-c.log")"
grep -q '"name": "services come back"' "$folder/stopped/report.json" || fail "Ctrl-C: expected the recovery phase in report.json, but it is missing"
grep -q 'the recovery phase "services come back" runs for' "$folder/ctrl-c.log" ||
  fail "Ctrl-C: expected a message that the recovery phase runs, got: $(cat "$folder/ctrl-c.log")"
pass "Ctrl-C: recovery runs and is announced, the report is written, exit code 3"

# A recovery phase of one hour is interrupted, and the reader of the output has ended.
sed -e 's/^time_scale = .*/time_scale = "1x"/' -e 's/^steady = .*/steady = { for = "100ms" }/' "$outages/2021-10-04.toml" >"$folder/hours.toml"
mkfifo "$folder/gone"
"$brownout" rehearse "$folder/hours.toml" --force --embedded well --api off --report "$folder/twice" >"$folder/gone" 2>&1 &
last_pid=$!
{ head -n 1 >/dev/null; } <"$folder/gone"
kill -HUP "$last_pid"
sleep 0.3
kill -INT "$last_pid"
code=0
wait "$last_pid" || code=$?
[ "$code" = 3 ] && [ -e "$folder/twice/summary.md" ] || fail "SIGHUP, then Ctrl-C: expected exit code 3 and a report, got exit code $code"
grep -q '<skipped' "$folder/twice/junit.xml" ||
  fail "SIGHUP, then Ctrl-C: expected <skipped> in junit.xml for phases that did not run, got: $(cat "$folder/twice/junit.xml")"
xmllint --noout --schema "$(dirname "$0")/junit.xsd" "$folder/twice/junit.xml" 2>"$folder/xml.txt" ||
  fail "SIGHUP, then Ctrl-C: expected junit.xml to conform to junit.xsd, got: $(cat "$folder/xml.txt")"
pass "a second signal ends the rehearsal at once; phases that did not run are skipped; output without a reader does not block it"

# After kill -9 of the rehearsal, all processes that its commands have started end, even detached
# ones.
cat >"$folder/spawning.toml" <<'X'
version = 1
[[upstream]]
name = "none"
servers = ["127.0.0.1:1"]
[[listener]]
name = "none"
listen = "127.0.0.1:0"
upstream = "none"
[scenario]
name = "spawning"
steady = { for = "1h" }
[[phase]]
name = "calm"
for = "1h"
[[probe]]
name = "commands"
kind = "exec"
every = "1s"
timeout = "10m"
command = "sleep 98771 & (setsid sleep 98772 &) ; sleep 98773; true"
X
start spawning "$brownout" rehearse "$folder/spawning.toml" --report ""
spawning=$last_pid
spawned() { pgrep -f '^sleep 98771' && pgrep -f '^sleep 98772' && pgrep -f '^sleep 98773'; }
wait_for 20 spawned || fail "expected the rehearsal to start its commands within 20 s, got: $(cat "$folder/spawning.log")"
kill -KILL "$spawning"
{ wait "$spawning"; } 2>/dev/null || true
none_left() { ! pgrep -f '^sleep 9877[123]' && ! pgrep -f 'rehearse.*spawning.toml'; }
wait_for 10 none_left || fail "kill -9: expected no remaining processes, found: $(pgrep -af 'sleep 9877|spawning.toml')"
pass "kill -9 of a rehearsal leaves no process behind"

# A stopped terminal (Ctrl-S): the rehearsal keeps its schedule, and prints its results when the
# terminal continues.
cat >"$folder/stopped.py" <<'P'
import fcntl, os, pty, re, struct, subprocess, sys, termios, time
brownout, file, report = sys.argv[1:]
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
# Fill the terminal's buffer before the rehearsal starts.
os.set_blocking(theirs, False)
try:
    while True: os.write(theirs, b'y' * 79 + b'\n')
except BlockingIOError: pass
os.set_blocking(theirs, True)
begun = time.monotonic()
child = subprocess.Popen([brownout, 'rehearse', file, '--embedded', 'well', '--report', report], stdout=theirs, stderr=subprocess.DEVNULL)
os.close(theirs)
while not os.path.exists(report + '/summary.md') and time.monotonic() < begun + 60: time.sleep(0.05)
took = time.monotonic() - begun
assert took < 30, f'a stopped terminal holds it up: {took:.1f} s'
text = b''
while True:
    try: part = os.read(ours, 65536)
    except OSError: break
    if not part: break
    text += part
text = text.decode()
assert child.wait() == 0, text
assert '2 of 2 expectations met' in text and text.rstrip().endswith('report.html'), text
for line in re.sub('\x1b\\[[0-9]*[A-Za-z]', '', text).splitlines():
    if ' left, ' in line or '] ' in line: assert len(line) <= 80, line
P
sed 's/^name = "One server of two fails"/name = "Ein Server von zweien fällt aus, und niemand, wirklich niemand soll es merken"/; s/^name = "newcomers"/name = "Neuankömmlinge, die Öl und Müsli wollen"/' \
  "$short" >"$folder/long-names.toml"
/usr/bin/python3 "$folder/stopped.py" "$brownout" "$folder/long-names.toml" "$folder/held" 2>"$folder/held.txt" ||
  fail "a stopped terminal: expected the rehearsal to keep its schedule, got: $(tail -20 "$folder/held.txt")"
pass "a stopped terminal does not delay a rehearsal; the live view fits 80 columns"

cat >"$folder/full.sh" <<'X'
mkdir -p "$2/disk" && mount -t tmpfs -o size=16k none "$2/disk"
code=0
"$1" rehearse "$3" --ci --embedded well --report "$2/disk/report" >"$2/full.txt" 2>&1 || code=$?
exit "$code"
X
code=0
unshare --map-root-user --mount bash "$folder/full.sh" "$brownout" "$folder" "$short" || code=$?
[ "$code" = 3 ] && grep -q 'No space left on device; the results are above' "$folder/full.txt" &&
  grep -q 'expectations met' "$folder/full.txt" ||
    fail "a full disk: expected the results on the terminal, got exit code $code and: $(cat "$folder/full.txt")"
pass "a full disk: a clear error, the results all the same"
