#!/usr/bin/env bash
# Tests brownout exec, as root and as an ordinary user: all connections, datagrams and DNS queries
# of real programs pass through the rules. When the command has ended in any way, nothing remains.
brownout=$1
source "$(dirname "$0")/lib.sh"
need gcc curl node redis-server redis-cli mosquitto mosquitto_pub git dig promtool nginx openssl ip

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
  echo "SKIPPED: brownout exec needs network namespaces, which this kernel or its sandbox does not allow"
  exit 0
fi

# Brownout also runs as an ordinary user below, who must be able to read the folder.
chmod 755 "$folder"
cp "$brownout" "$folder/brownout"
brownout=$folder/brownout
mkdir -p "$folder/files/api/v1"
echo hello >"$folder/files/hello"
echo '{"status":"success","data":{"resultType":"scalar","result":[1,"42"]}}' >"$folder/files/api/v1/query"
git -c init.defaultBranch=main init -q "$folder/work"
git -C "$folder/work" -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m one
git clone -q --bare "$folder/work" "$folder/files/repo.git"
git -C "$folder/files/repo.git" update-server-info
web=$(free_port)
tls=$(free_port)
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/cert.pem" -days 2 -subj /CN=chat.example.org \
  -addext subjectAltName=DNS:chat.example.org 2>/dev/null
start_nginx "$web" "server { listen 127.0.0.1:$web; root $folder/files; }
  server { listen 127.0.0.1:$tls ssl; ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem; root $folder/files; }"

# Rules that match no traffic change nothing. Names are resolved by a zone.
cat >"$folder/quiet.toml" <<E
version = 1
[[zone]]
name = "lab"
records = ["chat.example.org. 60 IN A 127.0.0.1"]
[[listener]]
name = "dns"
protocol = "dns"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [53]
zone = "lab"
E
{ cat "$folder/quiet.toml"; cat <<E
[[rule]]
name = "slow"
match = { host = "*.example.org" }
fault = { type = "latency", delay = "150ms" }
[[rule]]
name = "gone"
match = { qname = "gone.example.org" }
fault = { type = "servfail" }
[[rule]]
name = "blocked"
match = { port = 6 }
fault = { type = "refuse" }
E
} >"$folder/rules.toml"
"$brownout" check --exec "$folder/rules.toml" >/dev/null || fail "check --exec: expected exit code 0, got $?"
quiet() { "$brownout" exec "$folder/quiet.toml" -- "$@"; }
ruled() { "$brownout" exec "$folder/rules.toml" -- "$@"; }

[ "$(quiet curl -sS "http://chat.example.org:$web/hello")" = hello ] ||
  fail "curl, a name from the zone: expected the page \"hello\", got another result"
[ "$(quiet curl -sS "http://127.0.0.1:$web/hello")" = hello ] || fail "curl, a server of the host: expected the page \"hello\", got another result"
[ "$(quiet curl -sS --cacert "$folder/cert.pem" "https://chat.example.org:$tls/hello")" = hello ] ||
  fail "curl over HTTPS: expected the page \"hello\", got another result"
cat >"$folder/static.c" <<'C'
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char** argv) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  char answer[4096] = {0};
  int fd = socket(AF_INET, SOCK_STREAM, 0), got = 0, n;
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  if (argc < 2 || connect(fd, (struct sockaddr*)&to, sizeof to)) return 1;
  write(fd, "GET /hello HTTP/1.0\r\n\r\n", 23);
  while (got < 4000 && (n = read(fd, answer + got, 4000 - got)) > 0) got += n;
  return strstr(answer, "hello\n") == NULL;
}
C
gcc -static -o "$folder/static" "$folder/static.c" 2>/dev/null || fail "gcc -static: expected a statically linked program, but compiling failed"
quiet "$folder/static" "$web" || fail "a statically linked program: expected it to connect, but it ended with exit code $?"
[ "$(quiet /usr/bin/python3 -c "import urllib.request as u; print(u.urlopen('http://chat.example.org:$web/hello').read().decode(), end='')")" = hello ] ||
  fail "Python: expected the page \"hello\", got another result"
[ "$(quiet node -e "require('http').get('http://chat.example.org:$web/hello', r => r.pipe(process.stdout))")" = hello ] ||
  fail "Node: expected the page \"hello\", got another result"
quiet promtool query instant "http://chat.example.org:$web" up | grep -q 42 ||
  fail "promtool, a Go program: expected the value 42 from the server, got another result"
GIT_SSL_CAINFO="$folder/cert.pem" quiet git clone -q "https://chat.example.org:$tls/repo.git" "$folder/clone" ||
  fail "git clone over HTTPS: expected exit code 0, got $?"
git -C "$folder/clone" log --oneline | grep -q one || fail "git clone: expected the commit \"one\" in the clone, found none"
redis=$(free_port)
start redis redis-server --port "$redis" --bind 127.0.0.1 --save ""
wait_port "$redis"
[ "$(quiet redis-cli -h chat.example.org -p "$redis" ping)" = PONG ] || fail "redis-cli ping: expected PONG, got another result"-cli
start_mosquitto mosquitto ''
quiet mosquitto_pub -h chat.example.org -p "$broker" -t a -m b -q 2 || fail "mosquitto_pub: expected exit code 0, got $?"
pass "curl, python, node, a Go and a static program, git over https, redis-cli and mosquitto_pub reach what they reached before"

took() { local begin; begin=$(now); "$@" >/dev/null 2>&1; since "$begin"; }
at_least "$(took ruled curl -sS "http://chat.example.org:$web/hello")" 0.3 ||
  fail "a latency rule for a host name: expected a request of 0.3 s or more, but it was faster"
ruled redis-cli -h chat.example.org -p "$redis" ping >/dev/null
ruled dig gone.example.org | grep -q 'status: SERVFAIL' || fail "a servfail rule, DNS over UDP: expected the status SERVFAIL, got another one"
ruled dig +tcp gone.example.org | grep -q 'status: SERVFAIL' || fail "a servfail rule, DNS over TCP: expected the status SERVFAIL, got another one"
ruled dig +short @192.0.2.53 chat.example.org | grep -qx 127.0.0.1 ||
  fail "a query to an arbitrary resolver: expected the zone's address 127.0.0.1, got another answer"
if ruled curl -sS telnet://127.0.0.1:6 </dev/null 2>"$folder/refused"; then
  fail "a refuse rule for port 6: expected curl to fail, but it connected"
fi
grep -qiE 'reset|failed to connect' "$folder/refused" ||
  fail "a refuse rule for port 6: expected curl to report a reset or a refusal, got: $(cat "$folder/refused")"
pass "rules match hosts by name, DNS queries over UDP and TCP, and ports"

cp "$folder/quiet.toml" "$folder/changing.toml"
"$brownout" exec "$folder/changing.toml" -- bash -c "cp '$folder/rules.toml' '$folder/changing.toml'
  for i in \$(seq 60); do dig gone.example.org | grep -q SERVFAIL && exit 0; sleep 0.1; done; exit 1" ||
  fail "a rule file changed right after the start: expected SERVFAIL by the new rules, but the old rules stayed active"
said=$("$brownout" exec <(cat "$folder/quiet.toml") -- sleep 1 2>&1) || fail "rules from a pipe: expected exit code 0, got $? and: $said"
[ -z "$said" ] || fail "rules from a pipe: expected no output, got: $said"
pass "a changed rule file is read again, a pipe is not"

# More silent resolvers than Brownout waits for at a time. Their addresses are unused, so no answer
# arrives.
if [ "$BROWNOUT_E2E_NETWORK" = own ] && ip route add 198.18.0.0/15 dev lo 2>/dev/null; then
  cat >"$folder/resolvers.py" <<'P'
import select, socket
query = b'\x12\x34\1\0\0\1\0\0\0\0\0\0\5other\7example\3net\0\0\1\0\1'
# All queries use one socket, so that they arrive in order.
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(300): asking.sendto(query, (f'198.18.{1 + i // 200}.{1 + i % 200}', 53))
refused = 0
while select.select([asking], [], [], 1)[0]:
    answer = asking.recv(512)
    refused += answer[3] & 15 == 2
print('SERVFAIL', refused)
P
  "$brownout" exec "$folder/quiet.toml" -- /usr/bin/python3 "$folder/resolvers.py" >"$folder/resolvers.txt" 2>"$folder/resolvers.log"
  refused=$(sed -n 's/^SERVFAIL //p' "$folder/resolvers.txt")
  { [ "$refused" -ge 44 ] && [ "$refused" -lt 150 ]; } ||
    fail "queries to 300 silent resolvers: expected SERVFAIL for 44 to 149 of them, got $refused; log: $(cat "$folder/resolvers.log")"
  grep -q 'too many resolvers: queries already wait for 256 resolvers' "$folder/resolvers.log" ||
    fail "queries to 300 silent resolvers: expected \"too many resolvers\" in the log, got: $(cat "$folder/resolvers.log")"
  [ "$(grep -c 'too many resolvers' "$folder/resolvers.log")" -lt 20 ] ||
    fail "queries to 300 silent resolvers: expected fewer than 20 lines \"too many resolvers\" in the log, got $(grep -c 'too many resolvers' "$folder/resolvers.log")"
  pass "resolvers of intercepted clients are bounded"
fi

# Brownout's listeners inside the namespace must not use ephemeral ports, which the command's own
# servers may need.
busy=$(quiet ss -ltnuH | sed -E 's/.*:([0-9]+) +[^ ]+ *$/\1/' | sort -u)
for port in $busy; do [ "$port" -ge 1011 ] && [ "$port" -le 1020 ] || fail "listeners inside the namespace: expected only ports 1011 to 1020, got: $busy"; done
[ "$(wc -w <<<"$busy")" -ge 4 ] || fail "listeners inside the namespace: expected at least 4 ports, got: $busy"
pass "listeners inside the namespace use ports that no program uses"

cat >"$folder/echo.py" <<'P'
import socket, threading
def bound():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1], flush=True)
    return s
def serve(s, name):
    while True:
        data, peer = s.recvfrom(2000)
        s.sendto(name + data, peer)
one, two = bound(), bound()
threading.Thread(target=serve, args=(one, b"one "), daemon=True).start()
serve(two, b"two ")
P
start udp_echo /usr/bin/python3 "$folder/echo.py"
both_listen() { [ "$(wc -l <"$folder/udp_echo.log")" = 2 ]; }
wait_for 10 both_listen || fail "expected two UDP echo servers to listen within 10 s, but they do not"
cat >"$folder/inside.py" <<'P'
import socket, sys
# One socket sends to two servers of the host, so the original destination must be tracked for each
# datagram.
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
answers = set()
for port in sys.argv[1:3]:
    s.sendto(b"hi", ("127.0.0.1", int(port)))
    data, peer = s.recvfrom(100)
    assert peer == ("127.0.0.1", int(port)), peer
    answers.add(data)
assert answers == {b"one hi", b"two hi"}, answers
# Servers that the command itself starts inside the namespace.
for host in ["127.0.0.1", "::1"] + sys.argv[3:]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family); server.bind((host, 0)); server.listen()
    client = socket.create_connection((host, server.getsockname()[1]), 5)
    accepted, _ = server.accept()
    accepted.sendall(b"inside")
    assert client.recv(10) == b"inside"
for host in ["127.0.0.1", "::1"] + sys.argv[3:]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.socket(family, socket.SOCK_DGRAM); server.bind((host, 0)); server.settimeout(5)
    client = socket.socket(family, socket.SOCK_DGRAM); client.settimeout(5)
    client.sendto(b"q", server.getsockname())
    data, peer = server.recvfrom(100)
    for size in (0, 1, 1001, 65507 if family == socket.AF_INET else 60000):
        server.sendto(b"x" * size, peer)
        data, asked = client.recvfrom(70000)
        assert (len(data), asked[:2]) == (size, server.getsockname()[:2]), (host, size, len(data), asked)
print("inside and outside")
P
mapfile -t echoes <"$folder/udp_echo.log"
own=$(ip -o -4 address show scope global up | awk '{ sub("/.*", "", $4); print $4; exit }')
# shellcheck disable=SC2086
[ "$(quiet /usr/bin/python3 "$folder/inside.py" "${echoes[@]}" $own)" = "inside and outside" ] ||
  fail "servers on loopback addresses, inside and outside: expected all to be reached, but the client reported an error"
pass "the command reaches servers that it started and servers of the host, over TCP and UDP"

ended() { local rc=0; wait "$1" 2>/dev/null || rc=$?; [ "$rc" = "$2" ]; }
status() { local rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }
[ "$(status quiet sh -c 'exit 42')" = 42 ] || fail "a command that exits with 42: expected exit code 42, got another one"
[ "$(status quiet sh -c 'kill -KILL $$')" = 137 ] || fail "a command killed by SIGKILL: expected exit code 137, got another one"
[ "$(status quiet no-such-program)" = 127 ] || fail "a command that does not exist: expected exit code 127, got another one"
[ "$(status quiet /etc)" = 126 ] || fail "a command that is a folder: expected exit code 126, got another one"
[ "$(status "$brownout" exec "$folder/none.toml" -- true)" = 2 ] || fail "a rule file that does not exist: expected exit code 2, got another one"
[ "$(echo piped | quiet cat)" = piped ] || fail "standard input: expected \"piped\" from cat, got another result"
start trapping "$brownout" exec "$folder/quiet.toml" -- bash -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done'
wait_for 10 grep -q ready "$folder/trapping.log" || fail "expected the command to start within 10 s, got: $(cat "$folder/trapping.log")"
kill -TERM "$last_pid"
ended "$last_pid" 9 || fail "SIGTERM: expected it to be forwarded and the command to exit with 9, got another exit code"
[ "$(quiet bash -c 'for i in $(seq 50); do (exit 0) & done; wait; echo "$(ls -ln /proc/self/fd/.. | wc -l)" >/dev/null; echo forked')" = forked ] ||
  fail "a command with 50 child processes: expected it to end normally, but it failed"
pass "exit status, signals, standard input and children are the command's own"

# The command inherits the caller's resource limits and its ignored (nohup) or blocked signals.
cat >"$folder/handed.py" <<'P'
import os, resource, signal, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (1000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
resource.setrlimit(resource.RLIMIT_STACK, (4 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
for one in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTTOU, signal.SIGCHLD): signal.signal(one, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
os.execvp(sys.argv[1], sys.argv[1:])
P
handed() { /usr/bin/python3 "$folder/handed.py" "$@" sh -c 'grep -E "^Sig(Blk|Ign)" /proc/self/status; cat /proc/self/limits; exit 42'; }
rc=0
handed "$brownout" exec "$folder/quiet.toml" -- >"$folder/handed.inside" || rc=$?
[ "$rc" = 42 ] || fail "a caller that ignores SIGCHLD: expected exit code 42, got $rc"
handed env >"$folder/handed.outside" || true
diff "$folder/handed.outside" "$folder/handed.inside" ||
  fail "resource limits and signal settings: expected those of the caller, got the difference above"
pass "limits, ignored and blocked signals are inherited from the caller"

cat >"$folder/again.py" <<'P'
import socket
def listening():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("0.0.0.0", 10450)); s.listen()
    return s
first = listening()
client = socket.create_connection(("127.0.0.1", 10450), 5)
accepted, _ = first.accept()
first.close()
second = listening()  # a connection of the first listener is still open
accepted.close(); client.close(); second.close()
third = listening()   # that connection is now in TIME_WAIT
client = socket.create_connection(("127.0.0.1", 10450), 5)
accepted, _ = third.accept(); accepted.sendall(b"third")
print(client.recv(10).decode())
P
[ "$(quiet /usr/bin/python3 "$folder/again.py")" = third ] ||
  fail "a server that listens again on its port: expected success three times, but it failed"
pass "a server can listen on its port again, despite connections in TIME_WAIT"

cat >"$folder/terminal.py" <<'P'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
def until(wanted, send=None):
    global seen
    if send is not None:
        seen = b""
        os.write(fd, send)
    end = time.time() + 20
    while wanted not in seen:
        assert time.time() < end, seen
        if select.select([fd], [], [], 0.1)[0]:
            seen += os.read(fd, 4096)
until(b"$")
until(b"pid-", b"PS1='$ '; sleep 300 & echo pid-$((1)); jobs\n")
until(b"Running")
until(b"sleep 300\r\n", b"fg\n")
time.sleep(0.3)
until(b"Stopped", b"\x1a")
until(b"sleep 300\r\n", b"fg\n")
time.sleep(0.3)
until(b"^C", b"\x03")
until(b"status-130", b"echo status-$?\n")
os.write(fd, b"exit 7\n")
sys.exit(0 if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7 else 1)
P
PS1='$ ' /usr/bin/python3 "$folder/terminal.py" "$brownout" exec "$folder/quiet.toml" -- bash --norc --noprofile -i >"$folder/terminal.log" 2>&1 ||
  fail "an interactive shell: expected it to exit with 7, got another result: $(cat "$folder/terminal.log")"
pass "an interactive shell has job control"

# Unusual durations identify these processes, so that remaining ones can be found.
spawn='sleep 98761 & (setsid sleep 98762 &) ; echo ready; sleep 98763'
none_left() { ! pgrep -f '^sleep 9876[123]' >/dev/null && ! pgrep -f 'brownout exec .*quiet.toml' >/dev/null; }
for side in command outside inside; do
  start "$side" "$brownout" exec "$folder/quiet.toml" -- bash -c "$spawn"
  outside=$last_pid
  wait_for 10 grep -q ready "$folder/$side.log" ||
    fail "kill -9 of the $side: expected the command to start within 10 s, got: $(cat "$folder/$side.log")"
  inside=$(pgrep -P "$outside")
  case $side in
    command) kill -KILL "$(pgrep -P "$inside" -f '^sleep 98763')" ;;
    outside) kill -KILL "$outside" ;;
    inside) kill -KILL "$inside" ;;
  esac
  ended "$outside" 137 || fail "kill -9 of the $side process: expected exit code 137, got another one"
  wait_for 10 none_left || fail "kill -9 of the $side process: expected no remaining processes, found: $(pgrep -af 'sleep 9876|brownout exec')"
done
pass "kill -9 of the command, or of either side, leaves no process behind"

# Counts the network namespaces of this script's processes, which are found by the test's folder in
# their environment. The script's own namespace is not counted, because helper programs of this
# function may be in it.
namespaces() {
  local environment
  for environment in /proc/[0-9]*/environ; do
    { tr '\0' '\n' <"$environment" | grep -qx "OF_EXEC_TEST=$folder" && readlink "${environment%environ}ns/net"; } 2>/dev/null || true
  done | { grep -vxF "$(readlink "/proc/$$/ns/net")" || true; } | sort -u | wc -l
}
export OF_EXEC_TEST=$folder
before=$(namespaces)
for i in $(seq 100); do quiet curl -sS -o /dev/null -w '%{http_code}\n' "http://chat.example.org:$web/hello" & done >"$folder/parallel.log" 2>&1
for job in $(jobs -p); do [[ " ${pids[*]} " == *" $job "* ]] || wait "$job" || fail "100 commands at once: expected all to succeed, but one failed: $(grep -vx 200 "$folder/parallel.log" | head -20)"; done
[ "$(grep -cx 200 "$folder/parallel.log")" = 100 ] ||
  fail "100 commands at once: expected the status 200 from each, got: $(sort "$folder/parallel.log" | uniq -c)"
wait_for 10 none_left || fail "100 commands at once: expected no remaining processes, found: $(pgrep -af 'brownout exec')"
# A process that has just ended may be listed for a moment longer.
no_more_namespaces() { [ "$(namespaces)" -le "$before" ]; }
wait_for 10 no_more_namespaces || fail "100 commands at once: expected $before network namespaces as before, found $(namespaces), before: $before"
if nft list tables 2>/dev/null | grep -q brownout; then fail "after the commands: expected no nftables table of Brownout outside, found one"; fi
pass "100 at once, and no namespace, process or rule is left"

# Only processes with a single thread can enter a user namespace, and ThreadSanitizer's runtime adds
# a thread.
if [ "$(id -u)" = 0 ] && ! grep -q __tsan_init "$brownout"; then
  as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
  if as_user unshare --user --net true 2>/dev/null; then
    [ "$(as_user "$brownout" exec "$folder/rules.toml" -- curl -sS "http://chat.example.org:$web/hello")" = hello ] ||
      fail "an ordinary user: expected the page \"hello\" through brownout exec, got another result"
    # shellcheck disable=SC2086
    as_user "$brownout" exec "$folder/rules.toml" -- /usr/bin/python3 "$folder/inside.py" "${echoes[@]}" $own >/dev/null ||
      fail "an ordinary user: expected all servers on loopback addresses to be reached, but the client reported an error"
    [ "$(as_user "$brownout" exec "$folder/rules.toml" -- sh -c 'id -u; grep CapEff /proc/self/status')" = $'65534\nCapEff:\t0000000000000000' ] ||
      fail "an ordinary user: expected the command to have user id 65534 and no capabilities, got other values"
    pass "as an ordinary user, without additional privileges"
  else
    echo "SKIPPED: brownout exec as an ordinary user, who may not create namespaces on this machine"
  fi
  rc=0
  unshare --user --map-root-user sh -c "echo 0 >/proc/sys/user/max_net_namespaces; exec '$brownout' exec '$folder/rules.toml' -- true" \
    2>"$folder/off" || rc=$?
  [ "$rc" = 3 ] && [ "$(wc -l <"$folder/off")" = 1 ] && grep -q 'sysctl user.max_net_namespaces' "$folder/off" ||
    fail "namespaces forbidden: expected exit code 3 and one line that names sysctl user.max_net_namespaces, got exit code $rc and: $(cat "$folder/off")"
  pass "if namespaces are disabled, one error line says so"
elif grep -q __tsan_init "$brownout"; then
  echo "SKIPPED: brownout exec as an ordinary user, because this build has ThreadSanitizer"
fi
