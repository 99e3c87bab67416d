#!/usr/bin/env bash
# Tests long-running operation: common ways to deploy rule files, log rotation, readers that stop
# reading, few processors and descriptors, and shutdown.
brownout=$1
source "$(dirname "$0")/lib.sh"
need curl python3 taskset prlimit

start_echo
refuse='[[rule]]
name = "all"
fault = { type = "refuse" }'
slow='[[rule]]
name = "slow"
per = "chunk"
fault = { type = "latency", delay = "1ms" }'

# run_rules NAME PATH OPTION...: starts brownout with the rule file PATH, and waits until it listens
# at $proxy_port.
run_rules() {
  start "$1" "${before[@]}" "$brownout" run "$2" --drain 0s "${@:3}"
  wait_for 10 grep -q 'listener front: 127' "$folder/$1.log" ||
    fail "brownout with $folder/$1: expected it to listen within 10 s, but it does not; log: $(cat "$folder/$1.log")"
}
before=()
loaded() { grep -q "$2 rules\? loaded" "$folder/$1.log"; }
new_port() { proxy_port=$(free_port); }
exchange() { # COUNT: echoes COUNT bytes, one at a time.
  python3 - "$proxy_port" "$1" <<'P'
import socket, sys
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5); s.settimeout(5)
for _ in range(int(sys.argv[2])):
    s.sendall(b'x')
    assert s.recv(1) == b'x'
P
}

# A deployment replaces a symbolic link by one to another folder.
new_port
mkdir -p "$folder/releases/1" "$folder/releases/2"
rule_file "$echo_port" "$proxy_port" >"$folder/releases/1/rules.toml"
rule_file "$echo_port" "$proxy_port" "$refuse" >"$folder/releases/2/rules.toml"
ln -s releases/1 "$folder/current"
run_rules turned "$folder/current/rules.toml" --api off
ln -s releases/2 "$folder/next"
mv -T "$folder/next" "$folder/current"
wait_for 10 loaded turned 1 ||
  fail "a symbolic link that was replaced: expected a reload within 10 s, but there was none; log: $(cat "$folder/turned.log")"
pass "reload after a link is replaced"

# A symbolic link to a file that is edited in place.
new_port
rule_file "$echo_port" "$proxy_port" >"$folder/repository.toml"
mkdir "$folder/etc"
ln -s ../repository.toml "$folder/etc/rules.toml"
run_rules linked "$folder/etc/rules.toml" --api off
rule_file "$echo_port" "$proxy_port" "$refuse" >"$folder/repository.toml"
wait_for 10 loaded linked 1 ||
  fail "a file behind a symbolic link was edited: expected a reload within 10 s, but there was none; log: $(cat "$folder/linked.log")"
pass "reload of a file behind a link"

# A single file is mounted into a container, and the host edits it.
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
  new_port
  rule_file "$echo_port" "$proxy_port" >"$folder/host.toml"
  touch "$folder/etc/mounted.toml"
  before=(unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$folder/host.toml" "$folder/etc/mounted.toml")
  run_rules mounted "$folder/etc/mounted.toml" --api off
  before=()
  rule_file "$echo_port" "$proxy_port" "$refuse" >"$folder/host.toml"
  wait_for 10 loaded mounted 1 ||
    fail "a mounted file was edited: expected a reload within 10 s, but there was none; log: $(cat "$folder/mounted.log")"
  pass "reload of a single file that is mounted"
fi

# A pipe can be read only once. Everything except a reload works.
new_port
api=$(free_port)
mkfifo "$folder/pipe"
start piped "$brownout" run "$folder/pipe" --api "127.0.0.1:$api"
rule_file "$echo_port" "$proxy_port" "$refuse" >"$folder/pipe"
wait_for 10 grep -q 'it is read once, and changes have no effect' "$folder/piped.log" ||
  fail "rules from a pipe: expected \"it is read once, and changes have no effect\" in the log, got: $(cat "$folder/piped.log")"
kill -HUP "$last_pid"
wait_for 5 grep -q 'not loaded.*not a regular file' "$folder/piped.log" ||
  fail "rules from a pipe, SIGHUP: expected \"not a regular file\" in the log, got: $(cat "$folder/piped.log")"
ask 200 '' -m 5 -X POST -H 'X-Requested-With: test' "http://127.0.0.1:$api/api/v1/halt"
kill -TERM "$last_pid"
wait "$last_pid" || fail "rules from a pipe, SIGTERM: expected exit code 0, got $?"
# A pipe replaces the rule file of a running process.
new_port
rule_file "$echo_port" "$proxy_port" >"$folder/replaced.toml"
run_rules replaced "$folder/replaced.toml" --api off
mkfifo "$folder/pipe2"
mv "$folder/pipe2" "$folder/replaced.toml"
wait_for 10 grep -q 'not loaded.*not a regular file' "$folder/replaced.log" ||
  fail "a pipe in place of the rule file: expected \"not a regular file\" in the log, got: $(cat "$folder/replaced.log")"
kill -TERM "$last_pid"
wait "$last_pid" || fail "a pipe in place of the rule file, SIGTERM: expected exit code 0, got $?"
pass "a pipe as rule file is read once, and blocks nothing"

# The readers of the event log and of standard error stop reading.
new_port
api=$(free_port)
rule_file "$echo_port" "$proxy_port" "$slow" >"$folder/stuck.toml"
cat >"$folder/stuck.py" <<'P'
import os, subprocess, sys
events, errors = os.pipe(), os.pipe()
for pipe in events, errors: os.set_blocking(pipe[0], False)
# Fill the pipe of standard error before brownout starts.
os.set_blocking(errors[1], False)
try:
    while True: os.write(errors[1], b'x' * 4096)
except BlockingIOError: pass
os.set_blocking(errors[1], True)
child = subprocess.Popen(sys.argv[1:], stdout=events[1], stderr=errors[1])
print(child.pid, flush=True)
sys.exit(child.wait())
P
start stuck /usr/bin/python3 "$folder/stuck.py" "$brownout" run "$folder/stuck.toml" --api "127.0.0.1:$api" --events - --drain 0s
wait_port "$proxy_port"
exchange 1000
ask 200 '' -m 5 -X POST -H 'X-Requested-With: test' "http://127.0.0.1:$api/api/v1/halt"
kill -USR2 "$(cat "$folder/stuck.log")"
resumed() { curl -s -m 5 "http://127.0.0.1:$api/api/v1/status" | grep -q '"halted":false'; }
wait_for 5 resumed || fail "readers that stopped reading, SIGUSR2: expected \"halted\":false within 5 s, but the proxy did not resume"
begin=$(now)
kill -TERM "$(cat "$folder/stuck.log")"
wait "$last_pid" || fail "readers that stopped reading, SIGTERM: expected exit code 0, got $?"
at_least 8 "$(since "$begin")" || fail "readers that stopped reading, SIGTERM: expected an end within 8 s, but it took longer"
pass "stopped readers of events and standard error do not block the proxy"

# Rotation of the event log, by renaming and by truncating.
new_port
rule_file "$echo_port" "$proxy_port" "$slow" >"$folder/rotated.toml"
run_rules rotated "$folder/rotated.toml" --api off --events "$folder/events"
has_events() { [ -s "$1" ] && ! grep -qP '\x00' "$1"; }
exchange 1
wait_for 5 has_events "$folder/events" || fail "event log: expected events within 5 s, but the file is empty or has NUL bytes"
cp "$folder/events" "$folder/events.1"
: >"$folder/events"
exchange 1
wait_for 5 has_events "$folder/events" ||
  fail "event log, copied and truncated: expected new events from the file's beginning, but it is empty or has NUL bytes"
mv "$folder/events" "$folder/events.2"
kill -HUP "$last_pid"
wait_for 5 [ -e "$folder/events" ] || fail "event log, renamed: expected a new file after SIGHUP, but there is none"
exchange 1
wait_for 5 has_events "$folder/events" || fail "event log, renamed: expected events in the new file, but it is empty or has NUL bytes"
mv "$folder/events" "$folder/events.3"
touch "$folder/events"
noticed() { exchange 1 && [ -s "$folder/events" ]; }
wait_for 10 noticed || fail "event log, renamed and created again: expected events in the new file within 10 s, but it is empty"
pass "events survive logrotate, renaming or truncating"

# Messages caused by clients are logged, but not once for each client.
new_port
rule_file "$echo_port" "$proxy_port" "" 'protocol = "tls"' >"$folder/flood.toml"
run_rules flood "$folder/flood.toml" --api off
python3 - "$proxy_port" <<'P'
import socket, sys
for _ in range(300):
    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5); s.settimeout(5)
    s.sendall(b'GET / HTTP/1.1\r\n\r\n')
    try: s.recv(1)
    except ConnectionResetError: pass
    s.close()
P
wait_for 15 grep -q 'front: not TLS: and [0-9,]* more like it' "$folder/flood.log" ||
  fail "300 clients without TLS: expected a line \"and N more like it\" in the log, got: $(cat "$folder/flood.log")"
[ "$(grep -c 'not TLS' "$folder/flood.log")" -lt 100 ] ||
  fail "300 clients without TLS: expected fewer than 100 lines in the log, got $(grep -c 'not TLS' "$folder/flood.log")"
pass "log lines that clients cause are limited and counted"

# Rules with line breaks and escape sequences in their names.
new_port
api=$(free_port)
rule_file "$echo_port" "$proxy_port" >"$folder/named.toml"
run_rules named "$folder/named.toml" --api "127.0.0.1:$api"
for name in 'a%0a12:00:00.000%20warning%20halted' '%1b%5d0;owned%07' '%c2%9b2J'; do
  curl -s -o "$folder/body" -X PUT -H 'Content-Type: application/json' \
    -d '{"fault":{"type":"latency","delay":"1ms"}}' "http://127.0.0.1:$api/api/v1/rules/$name"
done
kill -TERM "$last_pid"
wait "$last_pid" || fail "SIGTERM: expected exit code 0, got $?"
if grep -q '^12:00:00.000 warning halted' "$folder/named.log"; then
  fail "a rule's name with a line break: expected it escaped in the log, got a forged line: $(cat -v "$folder/named.log")"
fi
if grep -qP '\x1b|\xc2\x9b' "$folder/named.log"; then
  fail "a rule's name with an escape sequence: expected it escaped in the log, got: $(cat -v "$folder/named.log")"
fi
pass "names in the log are escaped"

# There are as many workers as usable processors.
new_port
rule_file "$echo_port" "$proxy_port" >"$folder/pinned.toml"
before=(taskset -c "$(taskset -pc $$ | sed 's/.*: *//; s/[-,].*//')")
run_rules pinned "$folder/pinned.toml" --api off
before=()
grep -q ' 1 worker$' "$folder/pinned.log" || fail "on one processor: expected 1 worker, got: $(grep worker "$folder/pinned.log")"
pass "workers follow the CPU affinity"

# Too few descriptors give an error message, whatever the limit.
new_port
rule_file "$echo_port" "$proxy_port" >"$folder/few.toml"
for few in 6 9 14 20 28 40 56; do
  code=0
  timeout 5 prlimit --nofile=$few:$few "$brownout" run "$folder/few.toml" --api off >"$folder/few.log" 2>&1 || code=$?
  [ "$code" = 1 ] && grep -q 'ulimit -n' "$folder/few.log" ||
    fail "run with $few descriptors: expected exit code 1 and a hint at \"ulimit -n\", got exit code $code and: $(cat "$folder/few.log")"
  code=0
  timeout 5 prlimit --nofile=$few:$few "$brownout" exec "$folder/few.toml" -- true >"$folder/few.log" 2>&1 || code=$?
  [ "$code" = 1 ] && grep -q 'ulimit -n' "$folder/few.log" ||
    fail "exec with $few descriptors: expected exit code 1 and a hint at \"ulimit -n\", got exit code $code and: $(cat "$folder/few.log")"
done
pass "too few descriptors are an error"

# Container managers allow ten seconds for stopping.
new_port
rule_file "$echo_port" "$proxy_port" >"$folder/ending.toml"
start ending "$brownout" run "$folder/ending.toml" --api off
ending=$last_pid
wait_port "$proxy_port"
start holder python3 -c "
import socket
s = socket.create_connection(('127.0.0.1', $proxy_port), 5)
s.sendall(b'x'); s.recv(1); print('open', flush=True)
try: s.recv(1)
except ConnectionResetError: pass"
wait_for 10 grep -q open "$folder/holder.log" || fail "expected the client to open a connection within 10 s, got: $(cat "$folder/holder.log")"
begin=$(now)
kill -TERM "$ending"
wait "$ending" || fail "SIGTERM with an open connection: expected exit code 0, got $?"
at_least 9 "$(since "$begin")" || fail "SIGTERM with an open connection: expected an end within 9 s, but it took $(since "$begin") s"
pass "SIGTERM with an open connection ends it within ten seconds"

# The man page must be correct.
"$brownout" generate man >"$folder/man"
grep -A1 '^SIGUSR1' "$folder/man" | grep -q 'halts' || fail "man page: expected SIGUSR1 with the text \"halts\", but it is missing"
for code in 3 4; do sed -n '/^.SH EXIT STATUS/,$p' "$folder/man" | grep -x "$code" >/dev/null || fail "man page: expected the exit status $code, but it is missing"; done
pass "the man page has signals and exit codes"
