#!/usr/bin/env bash
# Tests a [[zone]] with real clients and files: $INCLUDE and $GENERATE, reloads after a change of an
# included file, and rejected queries.
brownout=$(realpath "$1")
source "$(dirname "$0")/lib.sh"
need dig python3

mkdir -p "$folder/conf/zones"
zone_file() { # PORT: prints the rule file, which has a zone.
  cat <<EOF
version = 1
seed = 7
[[zone]]
name = "lab"
records = '''
\$ORIGIN lab.example.
\$TTL 5m
@       SOA ns admin 1 2 3 4 5
ns      A 192.0.2.53
\$GENERATE 1-300 node\${0,3,d} A 198.51.100.1
\$INCLUDE zones/hosts.zone eu
        TXT "of ns"
'''
[[listener]]
name = "front"
protocol = "dns"
listen = "127.0.0.1:$1"
zone = "lab"
EOF
}
echo 'chat A 192.0.2.1' >"$folder/conf/zones/hosts.zone"
echo '$INCLUDE more.zone' >>"$folder/conf/zones/hosts.zone"
echo 'mail MX 10 chat' >"$folder/conf/zones/more.zone"
port=$(free_port)
zone_file "$port" >"$folder/conf/rules.toml"

cd "$folder"
"$brownout" check conf/rules.toml >check.txt || fail "check of a file with zones: expected exit code 0, got $?: $(cat check.txt)"
echo 'mail MX ten chat' >conf/zones/more.zone
if "$brownout" check conf/rules.toml >check.txt 2>&1; then fail "check with a mistake in an included file: expected an error, but it succeeded"; fi
grep -qF 'conf/rules.toml:5:11: error: records: conf/zones/more.zone:1: "mail MX ten chat": ' check.txt ||
  fail "check with a mistake in an included file: expected the file, the line and the record, got: $(cat check.txt)"
rm conf/zones/more.zone
mkfifo conf/zones/more.zone
if timeout 10 "$brownout" check conf/rules.toml >check.txt 2>&1; then
  fail "check with a pipe as included file: expected an error, but it succeeded"
fi
grep -qF 'conf/zones/more.zone: it is not a regular file' check.txt ||
  fail "check with a pipe as included file: expected \"it is not a regular file\", got: $(cat check.txt)"
rm conf/zones/more.zone
echo 'mail MX 10 chat' >conf/zones/more.zone
pass "check reports errors with the included file and line, and does not wait for a pipe"

start zone "$brownout" run conf/rules.toml --drain 0s --api off
wait_for 10 grep -q 'listener front: 127' zone.log ||
  fail "brownout with a zone: expected it to listen within 10 s, but it does not; log: $(cat zone.log)"
ask() { dig @127.0.0.1 -p "$port" +time=2 +tries=1 "$@"; }
[ "$(ask +short chat.eu.lab.example)" = 192.0.2.1 ] || fail "an included record: expected 192.0.2.1, got another answer"
[ "$(ask +short mail.eu.lab.example MX)" = "10 chat.eu.lab.example." ] ||
  fail "a record of a file that an included file includes: expected \"10 chat.eu.lab.example.\", got another answer"
[ "$(ask +short node007.lab.example)" = 198.51.100.1 ] || fail "a record of \$GENERATE: expected 198.51.100.1, got another answer"
[ -z "$(ask +short node301.lab.example)" ] || fail "a name past the end of \$GENERATE: expected no record, got one"
[ "$(ask +short ns.lab.example TXT)" = '"of ns"' ] ||
  fail "a record without a name after \$INCLUDE: expected the name before \$INCLUDE, got another answer"
pass "dig finds included and generated records"

address_is() { [ "$(ask +short "$2")" = "$1" ]; }
echo 'chat A 192.0.2.2' >conf/zones/hosts.zone
wait_for 10 address_is 192.0.2.2 chat.eu.lab.example ||
  fail "an included file was changed: expected the new address within 10 s, got another answer; log: $(cat zone.log)"
rm conf/zones/hosts.zone
wait_for 10 grep -q 'conf/zones/hosts.zone: cannot read the file' zone.log ||
  fail "an included file was deleted: expected \"cannot read the file\" in the log, got: $(cat zone.log)"
wait_for 10 grep -q 'not loaded, the previous rules stay' zone.log ||
  fail "an included file was deleted: expected \"the previous rules stay\" in the log, got: $(cat zone.log)"
address_is 192.0.2.2 chat.eu.lab.example || fail "an included file was deleted: expected the previous address, got another answer"
echo 'chat A 192.0.2.3' >conf/zones/new
mv conf/zones/new conf/zones/hosts.zone
wait_for 10 address_is 192.0.2.3 chat.eu.lab.example ||
  fail "the included file exists again: expected its new address within 10 s, got another answer; log: $(cat zone.log)"
pass "a change of an included file causes a reload; an error in an included file changes nothing"

status_of() { sed -n 's/.*status: \([A-Z]*\),.*/\1/p'; }
for type in AXFR IXFR=1; do
  ask lab.example "$type" | grep -q 'Transfer failed' || fail "zone transfer $type: expected \"Transfer failed\", got: $(ask lab.example "$type")"
done
[ "$(ask +opcode=NOTIFY lab.example SOA | status_of)" = NOTIMP ] ||
  fail "NOTIFY: expected the status NOTIMP, got: $(ask +opcode=NOTIFY lab.example SOA)"
[ "$(ask version.bind CH TXT | status_of)" = REFUSED ] || fail "a query of class CH: expected the status REFUSED, got: $(ask version.bind CH TXT)"
python3 - "$port" <<'P' || fail "zone transfer over a plain socket: expected a refusal, got the Python error above"
import socket, struct, sys
for name, rcode in ("lab.example", 5), ("chat.eu.lab.example", 9), ("other.test", 9):
    query = struct.pack(">6H", 0x1234, 0, 1, 0, 0, 0) + b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0\0\xfc\0\1"
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
    s.settimeout(5)
    s.sendall(struct.pack(">H", len(query)) + query)
    size, = struct.unpack(">H", s.recv(2, socket.MSG_WAITALL))
    answer = s.recv(size, socket.MSG_WAITALL)
    number, flags, questions, answers, authority, more = struct.unpack(">6H", answer[:12])
    assert (number, flags & 0x8000, flags & 0x0400, flags & 15, answers, authority) == (0x1234, 0x8000, 0, rcode, 0, 0), (name, answer)
P
pass "a zone refuses transfers, NOTIFY and other classes"

cat >exec.toml <<EOF
version = 1
[[listener]]
name = "dns"
listen = "127.0.0.1:0"
protocol = "dns"
intercept = "redirect"
ports = [53]
zone = "lab"
[[zone]]
name = "lab"
records = ['\$INCLUDE exec.zone']
EOF
echo 'chat.test. A 192.0.2.1' >exec.zone
cat >exec.sh <<'S'
ask() { dig @192.0.2.53 +short +time=2 +tries=1 chat.test; }
[ "$(ask)" = 192.0.2.1 ] || exit 3
echo 'chat.test. A 192.0.2.2' >exec.zone
for _ in $(seq 100); do
  [ "$(ask)" = 192.0.2.2 ] && exit 0
  sleep 0.1
done
exit 4
S
code=0
"$brownout" exec exec.toml -- bash exec.sh >exec.txt 2>&1 || code=$?
if grep -q 'cannot make a network' exec.txt; then
  echo "SKIPPED: brownout exec with a zone, because this machine allows no network namespace"
else
  [ "$code" = 0 ] || fail "brownout exec with a zone: expected exit code 0, got $code: $(cat exec.txt)"
  pass "exec reloads when an included file changes"
fi
