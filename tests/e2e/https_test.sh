#!/usr/bin/env bash
# HTTPS of the hosts that rules mean is decrypted, for unchanged programs inside `brownout exec` and
# for clients of a forward proxy. All other hosts stay encrypted end to end.
brownout=$1
source "$(dirname "$0")/lib.sh"
need certutil chromium curl git mosquitto mosquitto_pub mosquitto_sub node npm openssl pip3 python3 wget

if ! unshare --net true 2>/dev/null && ! unshare --user --net true 2>/dev/null; then
  echo "SKIPPED: brownout exec needs network namespaces, which this kernel or its sandbox does not allow"
  exit 0
fi

# Settings of this machine must not decide which CAs programs trust.
unset SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE AWS_CA_BUNDLE GIT_SSL_CAINFO PIP_CERT NPM_CONFIG_CAFILE NODE_EXTRA_CA_CERTS JAVA_TOOL_OPTIONS
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

mkdir -p "$folder/files/-" "$folder/files/simple/gone" "$folder/tmp"
echo '<p>hello</p>' >"$folder/files/page.html"
for page in v1 v2 -/ping; do echo '{"said":"hello"}' >"$folder/files/$page"; done
git -c init.defaultBranch=main init -q "$folder/work"
git -C "$folder/work" -c user.name=t -c user.email=t@example.org commit -q --allow-empty -m one
git clone -q --bare "$folder/work" "$folder/files/repo.git"
git -C "$folder/files/repo.git" update-server-info

# The server's CA, and a certificate for both hosts. Brownout and the command trust it by
# SSL_CERT_FILE, as they would trust the CAs of the machine.
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/ca.key" -out "$folder/ca.pem" -days 2 -subj "/CN=The server's CA" \
  -addext keyUsage=critical,keyCertSign 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/csr.pem" -subj /CN=api.test 2>/dev/null
openssl x509 -req -in "$folder/csr.pem" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial -days 2 -out "$folder/cert.pem" \
  -extfile <(echo "subjectAltName=DNS:api.test,DNS:other.test,DNS:mqtt.test") 2>/dev/null
cat >"$folder/server.py" <<'P'
import functools, http.server, ssl, sys
files, certificate, key, *ports = sys.argv[1:]
port = int(ports[0]) if ports else 443
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=files)
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
P
start server python3 "$folder/server.py" "$folder/files" "$folder/cert.pem" "$folder/key.pem"
wait_port 443

# Names are resolved by a zone. Both hosts have one address, so only the SNI tells them apart.
zone='version = 1
[[zone]]
name = "lab"
records = ["api.test. 60 IN A 127.0.0.1", "other.test. 60 IN A 127.0.0.1", "mqtt.test. 60 IN A 127.0.0.1"]
[[listener]]
name = "dns"
protocol = "dns"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [53]
zone = "lab"'
cat >"$folder/rules.toml" <<E
$zone
[[rule]]
name = "v1 fails"
match = { host = "api.test", path = ["/v1", "/-/ping", "/simple/*"] }
fault = { type = "abort", status = 503 }
[[rule]]
name = "git fails"
match = { host = "api.test", path = "/repo.git/info/refs" }
fault = { type = "abort", status = 418 }
E
# inside COMMAND...: runs it in exec with the rules; events are then in $folder/events.jsonl.
inside() {
  rm -f "$folder/events.jsonl"
  TMPDIR="$folder/tmp" SSL_CERT_FILE="$folder/ca.pem" "$brownout" exec --events "$folder/events.jsonl" "${rules:-$folder/rules.toml}" -- "$@" 2>"$folder/err"
}
store() { { cat /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt 2>/dev/null || true; } | sha256sum; }
store_before=$(store)
# expect_inside TEXT COMMAND...: checks the output of a command in exec.
expect_inside() {
  local got
  got=$(inside "${@:2}") || true
  [[ $got == *"$1"* ]] || fail "${*:2}: expected \"$1\", got: $got $(cat "$folder/err")"
}

# Every program is told of 503 for /v1, by a rule, and gets /v2 from the server.
expect_inside "503 200" curl -s -o /dev/null -w '%{http_code} ' https://api.test/v1 --next -s -o /dev/null -w '%{http_code}' https://api.test/v2
expect_inside "issuer: O=Brownout" bash -c 'curl -sv https://api.test/v2 2>&1'
expect_inside "server accepted h2" bash -c 'curl -sv --http2 https://api.test/v2 2>&1'
pass "curl"
expect_inside "503 200" /usr/bin/python3 -c "import requests; print(*[requests.get('https://api.test/v%d' % n).status_code for n in (1, 2)])"
expect_inside "503 200" /usr/bin/python3 -c "import httpx; print(*[httpx.get('https://api.test/v%d' % n).status_code for n in (1, 2)])"
expect_inside "503" /usr/bin/python3 -c "
import urllib.request as u, urllib.error
try: u.urlopen('https://api.test/v1')
except urllib.error.HTTPError as error: print(error.code)"
pass "Python: requests, httpx, urllib"
expect_inside "503 200" node -e "
(async () => { const status = []; for (const n of [1, 2]) status.push((await fetch('https://api.test/v' + n)).status); console.log(...status); })()"
pass "node"
expect_inside "503" bash -c 'wget --tries=1 -O /dev/null https://api.test/v1 2>&1'
expect_inside hello wget --tries=1 -qO- https://api.test/v2
pass "wget, by the bundle of the machine as it sees it"
expect_inside "418" bash -c 'git ls-remote https://api.test/repo.git 2>&1'
pass "git"
expect_inside "503" bash -c 'npm ping --registry https://api.test/ --fetch-retries 0 --cache "$TMPDIR/npm" 2>&1'
expect_inside "No matching distribution" bash -c '/usr/bin/python3 -m pip download --no-deps --retries 0 --no-cache-dir --index-url https://api.test/simple/ gone 2>&1'
grep -q '"v1 fails"' "$folder/events.jsonl" || fail "pip: expected that its request met a rule, got: $(cat "$folder/events.jsonl" "$folder/err")"
pass "npm and pip"
if command -v java >/dev/null; then
  cat >"$folder/Get.java" <<'J'
import java.net.URI;
import java.net.http.*;
public class Get {
  public static void main(String[] urls) throws Exception {
    for (var url : urls) {
      var request = HttpRequest.newBuilder(URI.create(url)).build();
      System.out.print(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode() + " ");
    }
  }
}
J
  expect_inside "503 200" java "$folder/Get.java" https://api.test/v1 https://api.test/v2
  pass "Java"
fi
if command -v go >/dev/null; then
  cat >"$folder/get.go" <<'G'
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	for _, url := range os.Args[1:] {
		response, err := http.Get(url)
		if err != nil {
			panic(err)
		}
		fmt.Print(response.StatusCode, " ")
	}
}
G
  (cd "$folder" && GOFLAGS=-mod=mod go build -o get get.go)
  expect_inside "503 200" "$folder/get" https://api.test/v1 https://api.test/v2
  pass "Go"
fi

mkdir -p "$folder/home"
chrome() { # chrome URL: prints the page as Chromium sees it
  HOME="$folder/home" inside timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --user-data-dir="$folder/profile" --dump-dom "$1"
}
sed '/v1 fails/,/fault/s/fault = .*/fault = { type = "abort", status = 503, body = "by a rule" }/' "$folder/rules.toml" >"$folder/chrome.toml"
rules=$folder/chrome.toml
[[ $(chrome https://api.test/v1) == *"by a rule"* ]] || fail "Chromium, /v1: expected the rule's page; $(tail -n 5 "$folder/err" "$folder/events.jsonl")"
[[ $(chrome https://api.test/page.html) == *hello* ]] || fail "Chromium, /page.html: expected the server's page; $(tail -n 5 "$folder/err" "$folder/events.jsonl")"
if grep 'certificate refused' "$folder/events.jsonl" "$folder/err"; then fail "Chromium, /page.html: it connected ahead, which is no refusal"; fi
[ ! -e "$folder/home/.pki" ] || fail "Chromium: expected no folder to remain in the home folder"
# A database that the user has is copied, and stays as it is.
mkdir -p "$folder/home/.pki/nssdb"
certutil -d "sql:$folder/home/.pki/nssdb" -N --empty-password
certutil -d "sql:$folder/home/.pki/nssdb" -A -t C,, -n "the user's" -i "$folder/ca.pem"
before=$(cat "$folder/home/.pki/nssdb"/* | sha256sum)
[[ $(HOME="$folder/home" inside certutil -d "sql:$folder/home/.pki/nssdb" -L) == *"Brownout"*"the user's"* ]] ||
    [[ $(HOME="$folder/home" inside certutil -d "sql:$folder/home/.pki/nssdb" -L) == *"the user's"*"Brownout"* ]] ||
    fail "NSS: expected the user's CA and Brownout's"
[ "$before" = "$(cat "$folder/home/.pki/nssdb"/* | sha256sum)" ] || fail "NSS: expected that the user's database stays as it is"
unset rules
pass "Chromium, by an NSS database of the command's own"
# Without certutil one event says so, and all else works.
mkdir "$folder/bin"
ln -s "$(command -v curl)" "$folder/bin/"
PATH="$folder/bin" TMPDIR="$folder/tmp" SSL_CERT_FILE="$folder/ca.pem" "$brownout" exec --events "$folder/no-nss.jsonl" "$folder/rules.toml" -- \
  curl -sf -o /dev/null https://api.test/v2 2>"$folder/err" || fail "without certutil: expected curl to work: $(cat "$folder/err")"
[ "$(grep -c '"no NSS database".*libnss3-tools' "$folder/no-nss.jsonl")" = 1 ] || fail "without certutil: expected one event, got: $(cat "$folder/no-nss.jsonl")"
pass "without certutil"
TMPDIR=/nonexistent expect_code 1 "$brownout" exec "$folder/rules.toml" -- true
expect_text err "cannot make a folder in /nonexistent for the CAs that the command trusts"
TMPDIR=/nonexistent expect_code 1 "$brownout" demo
expect_text err "set TMPDIR to a folder where brownout may write"
pass "without a temporary folder"

# A host that no rule means has the server's own certificate, even at the same address.
expect_inside "issuer: CN=The server's CA" bash -c 'curl -sv https://other.test/v1 2>&1'
expect_inside "200" curl -s -o /dev/null -w '%{http_code}' https://other.test/v1
pass "hosts that no rule means stay encrypted end to end"

# By address there is no SNI: the destination decides, and the certificate has the address.
sed 's/api\.test/127.0.0.1/' "$folder/rules.toml" >"$folder/address.toml"
openssl x509 -req -in "$folder/csr.pem" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial -days 2 -out "$folder/ip.pem" \
  -extfile <(echo "subjectAltName=IP:127.0.0.1") 2>/dev/null
start by-address python3 "$folder/server.py" "$folder/files" "$folder/ip.pem" "$folder/key.pem" 8443
wait_port 8443
cat >>"$folder/address.toml" <<E
[[listener]]
name = "tls"
protocol = "tls"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [8443]
tls = {}
E
rules=$folder/address.toml
expect_inside "503 200" curl -s -o /dev/null -w '%{http_code} ' https://127.0.0.1:8443/v1 --next -s -o /dev/null -w '%{http_code}' https://127.0.0.1:8443/v2
expect_inside "503 200" /usr/bin/python3 -c "import requests; print(*[requests.get('https://127.0.0.1:8443/v%d' % n).status_code for n in (1, 2)])"
expect_code 0 "$brownout" explain --exec "$rules" --listener tls --url https://127.0.0.1:8443/v1
expect_text out 'TLS is decrypted: rule "v1 fails"'
unset rules
pass "an address as the host"

# A client that accepts only the server's own CA refuses the minted certificate, which has one event
# and a warning.
expect_inside "curl: 60" bash -c "curl -s --cacert '$folder/ca.pem' https://api.test/v1; echo curl: \$?"
[ "$(grep -c '"certificate refused"' "$folder/events.jsonl")" = 1 ] ||
  fail "a refused certificate: expected one event, got: $(cat "$folder/events.jsonl")"
grep -q 'api.test.*unknown_ca.*tls_failure' "$folder/err" || fail "a refused certificate: expected a warning, got: $(cat "$folder/err")"
expect_inside "refused" env -u NODE_EXTRA_CA_CERTS -u SSL_CERT_FILE node -e "fetch('https://api.test/v1').catch(() => console.log('refused'))"
grep -q '"certificate refused"' "$folder/events.jsonl" || fail "node refuses after the handshake: expected an event, got: $(cat "$folder/events.jsonl")"
# A browser connects ahead, and closes what it does not need: no refusal, whichever comes first.
cat >"$folder/ahead.py" <<'P'
import socket, ssl, sys
context = ssl.create_default_context()
for word in sys.argv[1:]:
    with context.wrap_socket(socket.create_connection(("api.test", 443)), server_hostname="api.test") as client:
        if word == "request":
            client.sendall(b"GET /v2 HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n")
            while client.recv(4096):
                pass
print("done")
P
refusals() {
  expect_inside done /usr/bin/python3 "$folder/ahead.py" "$@"
  grep -c '"certificate refused"' "$folder/events.jsonl" || true
}
[ "$(refusals ahead request)" = 0 ] || fail "connected ahead: expected no event, got: $(cat "$folder/events.jsonl")"
[ "$(refusals request ahead ahead)" = 0 ] || fail "connected ahead, later: expected no event, got: $(cat "$folder/events.jsonl")"
[ "$(refusals ahead ahead)" = 1 ] || fail "no request at all: expected an event, got: $(cat "$folder/events.jsonl")"
cat >"$folder/pass.toml" <<E
$(cat "$folder/rules.toml")
[[listener]]
name = "tls"
protocol = "tls"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [443]
tls = {}
upstream_tls = { ca = "$folder/ca.pem" }
tls_failure = "pass"
E
rules=$folder/pass.toml
expect_inside "60 200 0" bash -c "curl -s --cacert '$folder/ca.pem' https://api.test/v1; echo -n \"\$? \"; curl -s -o /dev/null -w '%{http_code} ' --cacert '$folder/ca.pem' https://api.test/v1; echo \$?"
unset rules
pass "a client that pins"

# A server whose certificate Brownout does not trust is answered for by 502, and has a warning.
cp "$folder/rules.toml" "$folder/strict.toml"
cat >>"$folder/strict.toml" <<E
[[listener]]
name = "tls"
protocol = "tls"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [443]
tls = {}
upstream_tls = { ca = "/etc/ssl/certs/ca-certificates.crt" }
E
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  rules=$folder/strict.toml expect_inside 502 curl -s -o /dev/null -w '%{http_code}' https://api.test/v2
  grep -q 'with the server.*upstream_tls' "$folder/err" || fail "a server that is not trusted: expected a warning, got: $(cat "$folder/err")"
  pass "servers are verified"
fi

# Messages inside TLS: MQTT.
broker=$(free_port)
cat >"$folder/mosquitto.conf" <<E
listener $broker 127.0.0.1
allow_anonymous true
certfile $folder/cert.pem
keyfile $folder/key.pem
user $(id -un)
E
start mosquitto mosquitto -c "$folder/mosquitto.conf"
wait_port "$broker"
cat >"$folder/mqtt.toml" <<E
$zone
[[listener]]
name = "mqtts"
protocol = "mqtt"
listen = "127.0.0.1:0"
intercept = "redirect"
ports = [$broker]
tls = {}
[[rule]]
match = { topic = "lost" }
fault = { type = "drop" }
E
rules=$folder/mqtt.toml
expect_inside "kept" bash -c "
mosquitto_sub -h mqtt.test -p $broker --cafile \$SSL_CERT_FILE -t '#' -C 1 -W 10 &
for try in 1 2 3 4 5 6 7 8 9 10; do
  mosquitto_pub -h mqtt.test -p $broker --cafile \$SSL_CERT_FILE -t lost -m lost
  mosquitto_pub -h mqtt.test -p $broker --cafile \$SSL_CERT_FILE -t kept -m kept
  kill -0 \$! 2>/dev/null || break
done; wait"
[[ $(inside true; cat "$folder/err") != *lost* ]] || fail "MQTT: expected that the message is lost"
grep -q . "$folder/err" && fail "MQTT: expected no warning, got: $(cat "$folder/err")"
unset rules
pass "MQTT inside TLS"

# The machine's store is as before, and nothing remains.
[ "$store_before" = "$(store)" ] ||
  fail "the machine's CAs: expected no change"
[ -z "$(find "$folder/tmp" -maxdepth 1 -name 'brownout-exec.*')" ] || fail "expected no folder to remain, got: $(ls "$folder/tmp")"
# Without such a rule, the command's environment is as it was.
printf 'version = 1\n[[rule]]\nmatch = { host = "api.test" }\nfault = { type = "latency", delay = "1ms" }\n' >"$folder/bytes.toml"
rules=$folder/bytes.toml
expect_inside "none" bash -c 'echo "${CURL_CA_BUNDLE:-none}"'
unset rules

# explain and check say what is decrypted.
expect_code 0 "$brownout" explain --exec "$folder/rules.toml" --listener tls --url https://api.test/v1
expect_text out 'TLS is decrypted: rule "v1 fails"'
expect_code 0 "$brownout" explain --exec "$folder/rules.toml" --listener tls --sni other.test
expect_text out "TLS passes through encrypted"
expect_code 0 "$brownout" check --exec "$folder/rules.toml"
expect_text out 'listener "tls": TLS is decrypted for the hosts whose requests or messages a rule can match'
pass "explain and check"

# A forward proxy: CONNECT and SOCKS, with a CA of the user.
"$brownout" ca init --folder "$folder/own" >/dev/null
port=$(free_port)
banner=$(free_port)
cat >"$folder/proxy.toml" <<E
version = 1
[[listener]]
name = "front"
protocol = "proxy"
listen = "127.0.0.1:$port"
tls = { ca = "$folder/own" }
upstream_tls = { ca = "$folder/ca.pem" }
[[rule]]
match = { qname = "*.test" }
fault = { type = "wrong_answer", addresses = ["127.0.0.1"] }
[[rule]]
name = "v1 fails"
match = { host = "api.test", path = "/v1" }
fault = { type = "abort", status = 503 }
E
sed '/^tls/s/{.*}/{}/' "$folder/proxy.toml" >"$folder/no-ca.toml"
expect_code 2 "$brownout" run "$folder/no-ca.toml" --api off
expect_text err "tls of this listener needs a ca"
start proxy "$brownout" run "$folder/proxy.toml" --events "$folder/proxy.jsonl" --drain 0s --api off
wait_port "$port"
for way in "http://127.0.0.1:$port" "socks5h://127.0.0.1:$port" "socks4a://127.0.0.1:$port"; do
  ask 503 "" --proxy "$way" --cacert "$folder/own/ca.pem" https://api.test/v1
  ask 200 hello --proxy "$way" --cacert "$folder/own/ca.pem" https://api.test/v2
  ask 200 hello --proxy "$way" --cacert "$folder/ca.pem" https://other.test/v1
done
# By address, the host is known only by the SNI.
ask 503 "" --proxy "socks5://127.0.0.1:$port" --resolve api.test:443:127.0.0.1 --cacert "$folder/own/ca.pem" https://api.test/v1
ask 200 hello --proxy "socks5://127.0.0.1:$port" --resolve other.test:443:127.0.0.1 --cacert "$folder/ca.pem" https://other.test/v1
ask 502 "" --proxy "http://127.0.0.1:$port" --cacert "$folder/own/ca.pem" https://api.test:1/v2
# A protocol in which the server speaks first, to a host that a rule means.
cat >"$folder/banner.py" <<'P'
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    client, _ = server.accept()
    client.sendall(b"220 ready\r\n")
    client.close()
P
start banner python3 "$folder/banner.py" "$banner"
wait_port "$banner"
got=$(curl -s --max-time 10 --proxytunnel --proxy "http://127.0.0.1:$port" "telnet://api.test:$banner" </dev/null) || true
[[ $got == *"220 ready"* ]] || fail "a server that speaks first: expected its banner, got: $got"
pass "a forward proxy"
