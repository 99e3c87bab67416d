#!/usr/bin/env bash
# Tests TLS faults with nginx, curl and openssl s_client: each program prints the expected error.
brownout=$1
source "$(dirname "$0")/lib.sh"
need nginx curl openssl /usr/bin/python3

"$brownout" ca init --folder "$folder/ca" >"$folder/ca.txt"
[ "$(stat -c %a "$folder/ca/ca.key")" = 600 ] || fail "ca init: expected a private key with mode 600, got $(stat -c %a "$folder/ca/ca.key")"
if "$brownout" ca init --folder "$folder/ca" 2>"$folder/again"; then fail "ca init in a folder with a CA: expected an error, but it succeeded"; fi
grep -q 'never overwritten' "$folder/again" || fail "ca init in a folder with a CA: expected \"never overwritten\", got: $(cat "$folder/again")"
"$brownout" ca show --folder "$folder/ca" | grep -q "$(openssl x509 -in "$folder/ca/ca.pem" -noout -fingerprint -sha256 | cut -d= -f2)" ||
  fail "ca show: expected the fingerprint that openssl prints, got another one"
pass "ca init and ca show"

# A server with a certificate from its own CA. It requires client certificates.
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/server.key" -out "$folder/server.pem" -days 2 \
  -subj /CN=server.test -addext subjectAltName=DNS:server.test,IP:127.0.0.1 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/client.key" -out "$folder/client.pem" -days 2 \
  -subj /CN=client.test -addext extendedKeyUsage=clientAuth 2>/dev/null
plain=$(free_port)
secure=$(free_port)
mkdir "$folder/files"
head -c 5000000 /dev/urandom >"$folder/files/big"
start_nginx "$secure" "
  server { listen 127.0.0.1:$plain; location / { return 200 'plain\n'; } location /big { root $folder/files; } }
  server {
    listen 127.0.0.1:$secure ssl http2; server_name server.test;
    ssl_certificate $folder/server.pem; ssl_certificate_key $folder/server.key;
    ssl_client_certificate $folder/client.pem; ssl_verify_client optional;
    location /big { root $folder/files; }
    location / { return 200 'secure \$ssl_client_verify \$server_protocol\n'; }
  }"

get() { curl -sS --max-time 10 --cacert "$folder/ca/ca.pem" --resolve "*:$proxy_port:127.0.0.1" "$@"; }
curl_says() { # CODES TEXT WHAT ARGS...: checks curl's exit code and error text.
  local code=0
  get "${@:4}" -o /dev/null 2>"$folder/curl.err" || code=$?
  [[ " $1 " == *" $code "* ]] || fail "$3: expected curl to end with one of ($1), got $code: $(cat "$folder/curl.err")"
  grep -qiE "$2" "$folder/curl.err" || fail "$3: expected the curl error \"$2\", got: $(cat "$folder/curl.err")"
  pass "$3: curl $code, $2"
}
openssl_says() { # TEXT WHAT ARGS...: checks the output of openssl s_client.
  timeout 5 openssl s_client -connect "127.0.0.1:$proxy_port" -CAfile "$folder/ca/ca.pem" "${@:3}" </dev/null >"$folder/openssl.out" 2>&1 || true
  grep -qE "$1" "$folder/openssl.out" || fail "$2: expected the openssl output \"$1\", got: $(cat "$folder/openssl.out")"
  pass "$2: openssl: $1"
}

# TLS terminated by Brownout, with certificates issued for each name on demand.
proxy terminated "$plain" "
[[rule]]
match = { sni = 'expired.test' }
fault = { type = 'bad_certificate', what = 'expired' }
[[rule]]
match = { sni = 'future.test' }
fault = { type = 'bad_certificate', what = 'not_yet_valid' }
[[rule]]
match = { sni = 'wrong.test' }
fault = { type = 'bad_certificate', what = 'wrong_name' }
[[rule]]
match = { sni = 'self.test' }
fault = { type = 'bad_certificate', what = 'self_signed' }
[[rule]]
match = { sni = 'unknown.test' }
fault = { type = 'bad_certificate', what = 'unknown_ca' }
[[rule]]
match = { sni = 'revoked.test' }
fault = { type = 'bad_certificate', what = 'revoked' }
[[rule]]
match = { sni = 'weak.test' }
fault = { type = 'bad_certificate', what = 'weak_key' }
[[rule]]
match = { sni = 'old.test' }
fault = { type = 'tls_version', most = '1.2' }
[[rule]]
match = { sni = 'ancient.test' }
fault = { type = 'tls_version', most = '1.1' }
[[rule]]
match = { sni = 'slow.test' }
fault = { type = 'slow_handshake', delay = '400ms' }
[[rule]]
match = { sni = 'cipher.test' }
fault = { type = 'no_shared_cipher' }
[[rule]]
match = { sni = 'alpn.test' }
fault = { type = 'alpn_refused' }
[[rule]]
match = { sni = 'cut.test' }
fault = { type = 'no_close_notify' }
[[rule]]
match = { sni = 'hello.test' }
fault = { type = 'tls_stop', after = 'server_hello', how = 'close' }
" "protocol = 'http'
tls = { ca = '$folder/ca' }"
[ "$(get "https://any.test:$proxy_port/")" = plain ] ||
  fail "a certificate issued for any name: expected curl to accept it and get \"plain\", got another result"
get "https://127.0.0.1:$proxy_port/big" | cmp - "$folder/files/big" ||
  fail "a large file over TLS: expected the same bytes as the original, got different ones"
openssl_says 'Verification: OK' "a minted certificate" -servername any.test -verify_return_error
curl_says 60 'certificate has expired' expired "https://expired.test:$proxy_port/"
curl_says 60 'not yet valid' "not yet valid" "https://future.test:$proxy_port/"
curl_says 60 'no alternative certificate subject name matches' "wrong name" "https://wrong.test:$proxy_port/"
curl_says 60 'self[- ]signed certificate' "self-signed" "https://self.test:$proxy_port/"
curl_says 60 'unable to get (local )?issuer|self[- ]signed certificate in certificate chain' "unknown CA" "https://unknown.test:$proxy_port/"
curl_says 91 'revo' revoked --cert-status "https://revoked.test:$proxy_port/"
curl_says 60 'key too weak' "weak key" "https://weak.test:$proxy_port/"
curl_says 35 'handshake failure' "no shared cipher" "https://cipher.test:$proxy_port/"
curl_says 35 'no application protocol' "ALPN refused" "https://alpn.test:$proxy_port/"
curl_says 35 'protocol|sigalg' "TLS 1.1 at most" "https://ancient.test:$proxy_port/"
curl_says 35 'eof|reset|SYSCALL' "closed behind the ServerHello" "https://hello.test:$proxy_port/"
openssl_says 'certificate has expired' expired -servername expired.test
openssl_says 'certificate is not yet valid' "not yet valid" -servername future.test
openssl_says 'ostname mismatch' "wrong name" -servername wrong.test -verify_hostname wrong.test
openssl_says 'self[- ]signed certificate' "self-signed" -servername self.test
openssl_says 'unable to get local issuer|self[- ]signed certificate in certificate chain' "unknown CA" -servername unknown.test
openssl_says 'Cert Status: revoked' revoked -servername revoked.test -status
openssl_says 'key too weak' "weak key" -servername weak.test
openssl_says 'alert handshake failure' "no shared cipher" -servername cipher.test
openssl_says 'alert no application protocol' "ALPN refused" -servername alpn.test -alpn h2
openssl_says 'unexpected eof|errno=104' "closed behind the ServerHello" -servername hello.test
openssl_says 'protocol version|unsupported protocol' "TLS 1.1 at most" -servername ancient.test -min_protocol TLSv1.2
openssl_says 'Protocol *: TLSv1.2|New, TLSv1.2' "TLS 1.2 at most" -servername old.test
took=$(get "https://slow.test:$proxy_port/" -o /dev/null -w '%{time_appconnect}')
at_least "$took" 0.4 || fail "slow_handshake, curl: expected 0.4 s or more, got $took s"
printf 'GET / HTTP/1.0\r\n\r\n' | timeout 5 openssl s_client -connect "127.0.0.1:$proxy_port" -servername cut.test -quiet >"$folder/openssl.out" 2>&1 || true
grep -q 'unexpected eof' "$folder/openssl.out" ||
  fail "no_close_notify: expected openssl to report an unexpected eof, got: $(cat "$folder/openssl.out")"
pass "no close_notify: openssl: unexpected eof" # curl accepts such an end without an error
start=$(now)
openssl_says 'Verification: OK' "slow handshake" -servername slow.test
at_least "$(since "$start")" 0.4 || fail "slow_handshake, openssl: expected 0.4 s or more, but it was faster"

# TLS passed through from client to server, with HTTP/2. Faults match by SNI.
proxy passed "$secure" "
[[rule]]
match = { sni = 'alert.test' }
fault = { type = 'tls_alert', alert = 'unrecognized_name' }
[[rule]]
match = { sni = 'hang.test' }
fault = { type = 'tls_stop', after = 'client_hello', how = 'hang' }
[[rule]]
match = { sni = 'flip.test' }
fault = { type = 'corrupt_record', after = '100 KB' }
" "protocol = 'tls'"
[ "$(get --cacert "$folder/server.pem" "https://server.test:$proxy_port/")" = "secure NONE HTTP/2.0" ] ||
  fail "TLS passed through: expected \"secure NONE HTTP/2.0\" from the server, got another result"
[ "$(get --cacert "$folder/server.pem" --cert "$folder/client.pem" --key "$folder/client.key" "https://server.test:$proxy_port/")" = "secure SUCCESS HTTP/2.0" ] ||
  fail "TLS passed through with a client certificate: expected \"secure SUCCESS HTTP/2.0\" from the server, got another result"
pass "passed through end to end, with HTTP/2 and a client's certificate"
curl_says 35 'unrecognized name' "an alert of any name" "https://alert.test:$proxy_port/"
openssl_says 'alert unrecognized name|unrecognized name' "an alert of any name" -servername alert.test
timeout 1 openssl s_client -connect "127.0.0.1:$proxy_port" -servername hang.test </dev/null >"$folder/openssl.out" 2>&1 &&
  fail "tls_stop after the ClientHello: expected openssl to wait, but it ended by itself"
if grep -q 'BEGIN CERTIFICATE' "$folder/openssl.out"; then
  fail "tls_stop after the ClientHello: expected no data from the server, but a certificate arrived"
fi
pass "silence behind the ClientHello: openssl waits"
curl_says 28 'timed out' "silence behind the ClientHello" --max-time 1 "https://hang.test:$proxy_port/"
curl_says "56 35" 'bad record mac|decryption failed|cipher operation failed' "a corrupt record" -k "https://flip.test:$proxy_port/big"

(printf 'GET /big HTTP/1.0\r\n\r\n'; sleep 1) | timeout 5 openssl s_client -connect "127.0.0.1:$proxy_port" -servername flip.test -quiet \
  >/dev/null 2>"$folder/openssl.err" || true
grep -qE 'bad record mac|decryption failed|cipher operation failed' "$folder/openssl.err" ||
  fail "corrupt_record: expected openssl to report a bad record, got: $(cat "$folder/openssl.err")"
pass "a corrupt record: openssl: $(grep -oE 'bad record mac|decryption failed|cipher operation failed' "$folder/openssl.err" | head -1)"

# TLS terminated by Brownout and encrypted again to the server, with client certificates on both
# sides.
proxy again "$secure" "" "tls = { certificate = '$folder/server.pem', key = '$folder/server.key', client_ca = '$folder/client.pem' }"
sed -i "s|^servers = .*|&\ntls = { ca = '$folder/server.pem', name = 'server.test', certificate = '$folder/client.pem', key = '$folder/client.key' }|" "$folder/again.toml"
wait_for 5 grep -q 'rules\? loaded' "$folder/again.log" ||
  fail "TLS to the server was turned on: expected a reload within 5 s, but there was none; log: $(cat "$folder/again.log")"
[ "$(get --http1.1 --cacert "$folder/server.pem" --cert "$folder/client.pem" --key "$folder/client.key" "https://server.test:$proxy_port/")" = "secure SUCCESS HTTP/1.1" ] ||
  fail "client certificates on both sides: expected \"secure SUCCESS HTTP/1.1\" from the server, got another result"
curl_says "35 56" 'certificate required|alert' "without a client's certificate" --cacert "$folder/server.pem" "https://server.test:$proxy_port/"
pass "mTLS on both sides"

# A server that says that it ends and leaves, while its client goes on sending: the connections end, and others work.
leaving=$(free_port)
cat >"$folder/leaving.py" <<'P'
import socket, ssl, sys, threading, time
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
def serve(connection):
    secure = context.wrap_socket(connection, server_side=True)
    secure.sendall(b"hello")
    secure.setblocking(False)
    try:
        secure.unwrap()  # sends close_notify
    except ssl.SSLError:
        pass
    secure.close()
listener = socket.create_server(("127.0.0.1", int(sys.argv[3])))
def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
for _ in range(8):
    with socket.create_connection(("127.0.0.1", int(sys.argv[4])), timeout=5) as client:
        assert client.recv(5) == b"hello"
        time.sleep(0.1)
        try:
            client.sendall(b"y" * 3000000)
        except ConnectionError:
            pass
P
proxy leaving "$leaving"
sed -i "s|^servers = .*|&\ntls = { verify = false }|" "$folder/leaving.toml"
wait_for 5 grep -q 'rules\? loaded' "$folder/leaving.log" || fail "TLS to the server was turned on: expected a reload within 5 s; log: $(cat "$folder/leaving.log")"
/usr/bin/python3 "$folder/leaving.py" "$folder/server.pem" "$folder/server.key" "$leaving" "$proxy_port" 2>"$folder/leaving.err" ||
  fail "a server that leaves: expected that each further client is served, got: $(tail -1 "$folder/leaving.err")"
pass "a server leaves while its client sends"
