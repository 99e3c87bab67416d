#!/usr/bin/env bash
# Tests `host` with names that share one address: a rule for one name leaves connections alone that
# show another name in their Host header or SNI.
brownout=$1
source "$(dirname "$0")/lib.sh"
need curl nginx openssl python3

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
  echo "SKIPPED: brownout exec needs network namespaces, which this kernel or its sandbox does not allow"
  exit 0
fi

web=$(free_port)
named=$(free_port)
tls=$(free_port)
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/cert.pem" -days 2 -subj /CN=a.test \
  -addext subjectAltName=DNS:a.test,DNS:b.test 2>/dev/null
mkdir "$folder/files"
echo hello >"$folder/files/hello"
start_nginx "$web" "server { listen 127.0.0.1:$web; listen 127.0.0.1:$named; root $folder/files; }
  server { listen 127.0.0.1:$tls ssl; ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem; root $folder/files; }"

# Requests to $web and $tls pass a tcp listener, those to $named an http listener.
rules() {
  cat <<F
version = 1
[[zone]]
name = "lab"
records = ["a.test. 60 IN A 127.0.0.1", "b.test. 60 IN A 127.0.0.1"]
[[listener]]
name = "dns"
protocol = "dns"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [53]
zone = "lab"
[[listener]]
name = "requests"
protocol = "http"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [$named]
[[rule]]
match = { $1 }
fault = { type = $2 }
F
}

# Both names are resolved before either is used, so the proxy knows two names of the address.
cat >"$folder/inside.sh" <<'F'
getent hosts a.test b.test >/dev/null
for url in "$@"; do
  # curl writes the time of a request that fails, too.
  time=$(curl -sS --cacert "$FOLDER/cert.pem" -o /dev/null -w '%{time_total}' "$url" 2>/dev/null) || time=failed
  echo "$time"
done
F
# times MATCH FAULT URL...: prints for each URL how long the request took, or "failed".
times() {
  rules "$1" "$2" >"$folder/rules.toml"
  FOLDER=$folder "$brownout" exec "$folder/rules.toml" -- bash "$folder/inside.sh" "${@:3}"
}
# expect_slow MATCH FIRST SECOND: the rule delays a request to a.test (FIRST) and to b.test (SECOND).
expect_slow() {
  local seen=() url word i
  for url in "http://%s:$web/hello" "http://%s:$named/hello" "https://%s:$tls/hello"; do
    # shellcheck disable=SC2059
    mapfile -t seen < <(times "$1" '"latency", delay = "700ms"' "$(printf "$url" a.test)" "$(printf "$url" b.test)")
    for i in 0 1; do
      word=fast
      at_least "${seen[$i]}" 0.7 && word=slow
      [ "$word" = "${*:$((i + 2)):1}" ] ||
        fail "match = { $1 } and $url: expected requests to a.test and b.test to be $2 and $3, got the times ${seen[*]}"
    done
  done
}
expect_slow 'host = "a.test"' slow fast
expect_slow 'host = "b.test"' fast slow
expect_slow 'not = { host = "a.test" }' fast slow
expect_slow 'host = ".test"' slow slow
pass "a latency rule for a host acts on the connections that show this name, over HTTP and TLS"

seen=$(times 'host = "a.test"' '"refuse"' "http://a.test:$named/hello" "http://b.test:$named/hello" | tr '\n' ' ')
case $seen in
  "failed 0"*) ;;
  *) fail "a refuse rule for a.test: expected the first of two requests to fail, got: $seen" ;;
esac
pass "a refuse rule at an http listener waits for the name"

# A client that shows no name has all the names of the address.
cat >"$folder/silent.py" <<'F'
import socket, sys, time
for name in ("a.test", "b.test"): socket.getaddrinfo(name, None)
begin = time.time()
client = socket.create_connection(("b.test", int(sys.argv[1])), 5)
client.sendall(b"no request\r\n\r\n")
assert b"400" in client.recv(4096)
print(time.time() - begin)
F
rules 'host = "a.test"' '"latency", delay = "700ms"' >"$folder/rules.toml"
at_least "$("$brownout" exec "$folder/rules.toml" -- /usr/bin/python3 "$folder/silent.py" "$web")" 0.7 ||
  fail "a client that shows no name: expected the rule for a.test to act, but the answer came at once"
pass "a connection without a name matches all names of its address"
