#!/usr/bin/env bash
# A forward proxy (SOCKS5, SOCKS4, CONNECT and http:// URLs) that curl, git and Python use through ALL_PROXY and
# http_proxy; and the PROXY protocol, received from and sent to nginx and curl.
brownout=$1
source "$(dirname "$0")/lib.sh"
need curl nginx openssl python3

mkdir -p "$folder/files"
echo hello >"$folder/files/hello"
web=$(free_port)
tls=$(free_port)
told=$(free_port)
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/cert.pem" -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost 2>/dev/null
start_nginx "$web" "server { listen 127.0.0.1:$web; root $folder/files; }
  server { listen 127.0.0.1:$told proxy_protocol; listen [::1]:$told proxy_protocol; location / { return 200 \"\$proxy_protocol_addr:\$proxy_protocol_port\\n\"; } }
  server { listen 127.0.0.1:$tls ssl; ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem; root $folder/files; }"

# forward NAME KEYS RULES: starts a forward proxy, and sets $proxy_port.
forward() {
  proxy_port=$(free_port)
  cat >"$folder/$1.toml" <<E
version = 1
[[listener]]
name = "front"
protocol = "proxy"
listen = "127.0.0.1:$proxy_port"
$2
$3
E
  start "$1" "$brownout" run "$folder/$1.toml" --events "$folder/$1.jsonl" --drain 0s --api off
  wait_port "$proxy_port"
}
get() { curl -sS --max-time 10 "$@"; }

forward plain "" '[[rule]]
match = { host = "localhost" }
fault = { type = "latency", delay = "150ms" }
[[rule]]
match = { qname = "gone.example.org" }
fault = { type = "nxdomain" }
[[rule]]
match = { qname = "moved.example.org" }
fault = { type = "wrong_answer", addresses = ["127.0.0.1"] }
[[rule]]
match = { port = 9 }
fault = { type = "refuse" }'
socks="socks5h://127.0.0.1:$proxy_port"
tunnel="http://127.0.0.1:$proxy_port"
[ "$(get --proxy "$socks" "http://127.0.0.1:$web/hello")" = hello ] || fail "SOCKS5 with an address: expected the page \"hello\", got another result"
[ "$(get --proxytunnel --proxy "$tunnel" "http://127.0.0.1:$web/hello")" = hello ] ||
  fail "CONNECT with an address: expected the page \"hello\", got another result"
[ "$(ALL_PROXY="$socks" get --cacert "$folder/cert.pem" "https://localhost:$tls/hello")" = hello ] ||
  fail "curl with ALL_PROXY over TLS: expected the page \"hello\", got another result"
[ "$(HTTPS_PROXY="$tunnel" get --cacert "$folder/cert.pem" "https://localhost:$tls/hello")" = hello ] ||
  fail "curl with HTTPS_PROXY: expected the page \"hello\", got another result"
[ "$(HTTPS_PROXY="$tunnel" SSL_CERT_FILE="$folder/cert.pem" /usr/bin/python3 -c "import urllib.request as u; print(u.urlopen('https://localhost:$tls/hello').read().decode(), end='')")" = hello ] ||
  fail "Python with HTTPS_PROXY: expected the page \"hello\", got another result"
for kind in --socks4 --socks4a; do
  [ "$(get $kind "127.0.0.1:$proxy_port" "http://127.0.0.1:$web/hello")" = hello ] ||
    fail "curl $kind: expected the page \"hello\", got another result"
done
[ "$(get --socks4a "127.0.0.1:$proxy_port" --cacert "$folder/cert.pem" "https://localhost:$tls/hello")" = hello ] ||
  fail "SOCKS4a with a name: expected the page \"hello\", got another result"
begin=$(now)
get --proxy "$socks" "http://localhost:$web/hello" >/dev/null
at_least "$(since "$begin")" 0.3 || fail "a latency rule for a host name: expected a request of 0.3 s or more, but it was faster"
pass "SOCKS5, SOCKS4, SOCKS4a and CONNECT: curl and python with ALL_PROXY and HTTPS_PROXY; rules match hosts by name"

says() {
  local wanted=$1
  shift
  if get "$@" 2>"$folder/said" >/dev/null; then
    fail "curl $*: expected an error, but the request succeeded"
  fi
  grep -qi -- "$wanted" "$folder/said" ||
    fail "curl $*: expected the error \"$wanted\", got: $(cat "$folder/said")"
}
says "(4)" --proxy "$socks" http://gone.example.org/
says "(91)" --socks4a "127.0.0.1:$proxy_port" http://gone.example.org/
says "502" --proxytunnel --proxy "$tunnel" http://gone.example.org/
[ "$(get --proxy "$socks" "http://moved.example.org:$web/hello")" = hello ] ||
  fail "a wrong_answer rule for the server's name: expected the page \"hello\" from the other address, got another result"
says "(91)" --socks4 "127.0.0.1:$proxy_port" "http://127.0.0.1:$(free_port)/"
says "400\|wrong version" --proxy "https://127.0.0.1:$proxy_port" "http://127.0.0.1:$web/hello"
says "(5)" --proxy "$socks" "http://127.0.0.1:$(free_port)/"
says "502" --proxytunnel --proxy "$tunnel" "http://127.0.0.1:$(free_port)/"
says "." --proxy "$socks" http://127.0.0.1:9/
says "502" --fail --proxy "$tunnel" http://gone.example.org/
says "502" --fail --proxy "$tunnel" "http://127.0.0.1:$(free_port)/"
says "400" --fail --proxy "$tunnel" --request-target /hello "http://127.0.0.1:$web/hello"
pass "a name that a rule fails gives host unreachable or a 502; so does an unreachable server"

# http_proxy: requests for URLs. One connection of the client serves several hosts, and rules of requests act.
cat >"$folder/seen.py" <<'P'
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        text = json.dumps([self.requestline, {k.lower(): v for k, v in self.headers.items()}, body]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Keep-Alive", "timeout=5")
        self.end_headers()
        self.wfile.write(text)
    do_POST = do_GET
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
P
seen=$(free_port)
start seen /usr/bin/python3 "$folder/seen.py" "$seen"
wait_port "$seen"
forward urls "" "[[rule]]
match = { host = \"moved.example.org\", path = \"/busy\" }
fault = { type = \"abort\", status = 503 }
[[rule]]
match = { path = \"/slow\" }
fault = { type = \"delay\", delay = \"300ms\" }
[[rule]]
match = { qname = \"moved.example.org\" }
fault = { type = \"wrong_answer\", addresses = [\"127.0.0.1\"] }
[[rule]]
match = { host = \"localhost\" }
fault = { type = \"latency\", delay = \"150ms\" }"
export http_proxy="http://127.0.0.1:$proxy_port"
[ "$(get "http://127.0.0.1:$web/hello")" = hello ] || fail "http_proxy"
get -H 'Proxy-Connection: keep-alive' -d 'a body' "http://moved.example.org:$seen/x?y" >"$folder/asked"
/usr/bin/python3 - "$folder/asked" "moved.example.org:$seen" <<'P' || fail "the server is asked $(cat "$folder/asked")"
import json, sys
line, headers, body = json.load(open(sys.argv[1]))
assert line == "POST /x?y HTTP/1.1" and body == "a body", line
assert headers["host"] == sys.argv[2] and "proxy-connection" not in headers, headers
P
get -v "http://127.0.0.1:$web/hello" "http://moved.example.org:$seen/1" "http://127.0.0.1:$web/hello" >"$folder/three" 2>"$folder/said"
[ "$(grep -c '^< HTTP/1.1 200' "$folder/said")" = 3 ] && [ "$(grep -c 'Re-using existing connection' "$folder/said")" = 2 ] ||
  fail "three requests to two hosts: $(cat "$folder/said")"
grep -qi '^< keep-alive' "$folder/said" && fail "a header of the server's connection: $(cat "$folder/said")"
[ "$(get -o "$folder/body" -w '%{http_code}' "http://moved.example.org:$seen/busy")" = 503 ] || fail "a rule for a request"
[ "$(get -o "$folder/body" -w '%{http_code}' "http://127.0.0.1:$seen/busy")" = 200 ] || fail "a rule for another host's request acts"
begin=$(now)
get "http://127.0.0.1:$web/slow" >/dev/null
at_least "$(since "$begin")" 0.3 || fail "a delay of a request"
begin=$(now)
get "http://127.0.0.1:$web/hello" "http://localhost:$web/hello" >/dev/null
at_least "$(since "$begin")" 0.3 || fail "a rule for the connections of the second host"
[ "$(/usr/bin/python3 -c "import urllib.request as u; print(u.urlopen('http://moved.example.org:$web/hello').read().decode(), end='')")" = hello ] || fail "python with http_proxy"
head -c 5000000 /dev/urandom >"$folder/files/large"
get "http://127.0.0.1:$web/large" | cmp - "$folder/files/large" || fail "a large body"
unset http_proxy
pass "http_proxy: curl and python; one connection serves several hosts, and rules of requests act"

echo secret >"$folder/password"
forward closed "username = \"qa\"
password_file = \"$folder/password\"" ""
[ "$(get --proxy "socks5h://qa:secret@127.0.0.1:$proxy_port" "http://127.0.0.1:$web/hello")" = hello ] || fail "SOCKS5, a password"
[ "$(get --proxytunnel --proxy "http://qa:secret@127.0.0.1:$proxy_port" "http://127.0.0.1:$web/hello")" = hello ] || fail "CONNECT, a password"
[ "$(get --proxy "http://qa:secret@127.0.0.1:$proxy_port" "http://127.0.0.1:$web/hello")" = hello ] || fail "a URL, a password"
says "407" --fail --proxy "http://qa:wrong@127.0.0.1:$proxy_port" "http://127.0.0.1:$web/hello"
says "(91)" --proxy "socks4://qa@127.0.0.1:$proxy_port" "http://127.0.0.1:$web/hello"
says "." --proxy "socks5h://qa:wrong@127.0.0.1:$proxy_port" "http://127.0.0.1:$web/hello"
says "407" --proxytunnel --proxy "http://127.0.0.1:$proxy_port" "http://127.0.0.1:$web/hello"
if grep -q secret "$folder/closed.log"; then fail "expected no password in the log, but the log contains it"; fi
pass "a client without the password is refused"

proxy taken "$web" '[[rule]]
match = { client = "203.0.113.0/24" }
fault = { type = "latency", delay = "2s" }' 'proxy_protocol = true'
begin=$(now)
[ "$(get --haproxy-protocol "http://127.0.0.1:$proxy_port/hello")" = hello ] ||
  fail "PROXY protocol version 1: expected the page \"hello\", got another result"
at_least 3 "$(since "$begin")" || fail "PROXY protocol version 1: expected a rule for another client not to act, but the request took 3 s or more"
cat >"$folder/v2.py" <<'P'
import socket, struct, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H4s4sHH", 12, bytes([203, 0, 113, 7]), bytes([192, 0, 2, 1]), 4000, 80)
for byte in header:
    s.sendall(bytes([byte]))
begin = time.time()
s.sendall(b"GET /hello HTTP/1.0\r\n\r\n")
answer = b""
while chunk := s.recv(4096):
    answer += chunk
assert answer.endswith(b"hello\n"), answer
assert time.time() - begin > 0.29, "the rule for the client does not act"
P
/usr/bin/python3 "$folder/v2.py" "$proxy_port" || fail "PROXY protocol version 2, byte by byte: expected a response, got the Python error above"
if get "http://127.0.0.1:$proxy_port/hello" 2>/dev/null; then
  fail "a connection without a PROXY header: expected it to be refused, but it was served"
fi
pass "PROXY headers of both versions are read, and rules match the client address in the header"

for version in v1 v2; do
  for protocol in tcp http; do
    port=$(free_port)
    rule_file "$told" "$port" "" "protocol = \"$protocol\"" | sed "s/^servers.*/&\nsend_proxy_protocol = \"$version\"/" >"$folder/$version$protocol.toml"
    start "$version$protocol" "$brownout" run "$folder/$version$protocol.toml" --drain 0s --api off
    wait_port "$port"
    for i in 1 2; do
      seen=$(get -w '%{local_port}\n' "http://127.0.0.1:$port/" | paste -sd ' ')
      [[ "$seen" =~ ^127\.0\.0\.1:([0-9]+)\ ([0-9]+)$ ]] && [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ] ||
        fail "PROXY protocol $version to a server, $protocol: expected the client's address 127.0.0.1 and port, got: $seen"
    done
  done
done
pass "PROXY headers of both versions are sent, and servers see the address of each client"

for version in v1 v2; do
  port=$(free_port)
  rule_file "$told" "$port" | sed "s/^servers.*/servers = [\"[::1]:$told\"]\nsend_proxy_protocol = \"$version\"/" >"$folder/mixed$version.toml"
  start "mixed$version" "$brownout" run "$folder/mixed$version.toml" --drain 0s --api off
  wait_port "$port"
  seen=$(get -w '%{local_port}\n' "http://127.0.0.1:$port/" | paste -sd ' ')
  [[ "$seen" =~ ^::ffff:127\.0\.0\.1:([0-9]+)\ ([0-9]+)$ ]] && [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ] ||
    fail "PROXY protocol $version to an IPv6 server: expected ::ffff:127.0.0.1 and the client's port, got: $seen"
done
pass "a server with IPv6 gets the IPv4 address of each client"
