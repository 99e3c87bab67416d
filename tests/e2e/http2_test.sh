#!/usr/bin/env bash
# Tests HTTP/2 with real clients and servers, without rules: every pairing of versions, with and
# without TLS, must pass each request as it is.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/http2_lib.sh"
need node curl nghttp h2load nghttpd nginx openssl python3 ss
/usr/bin/python3 -c 'import h2, httpx' 2>/dev/null || fail "python3-h2 and python3-httpx are needed; run .ci/install-packages --tests"

start_http2_server
nghttpd_port=$(free_port)
nginx_port=$(free_port)
empty=$(free_port)
mkdir "$folder/files"
cp "$folder/big" "$folder/files/"
echo hello >"$folder/files/hello"
start nghttpd nghttpd --no-tls -d "$folder/files" "$nghttpd_port"
start_nginx "$nginx_port" "server { listen 127.0.0.1:$nginx_port ssl http2; ssl_certificate $folder/cert.pem; ssl_certificate_key $folder/key.pem; root $folder/files; }"
wait_port "$nghttpd_port"

run_brownout brownout <<E
version = 1
$(upstream h1 "$h1" 'http = "1"')
$(upstream h2 "$h2" 'http = "2"')
$(upstream h2-auto "$h2")
$(upstream h1s "$h1s" "$trust")
$(upstream h2s "$h2s" "$trust")
$(upstream nghttpd "$nghttpd_port" 'http = "2"')
$(upstream nginx "$nginx_port" "$trust")
$(upstream nobody "$empty" 'http = "2"')
$(upstream old "$h1")
$(upstream burst "$h2")
$(listener to1 h1)
$(listener to2 h2)
$(listener auto h2-auto)
$(listener to2s h2s)
$(listener s-to1 h1 "$secure")
$(listener s-to1s h1s "$secure")
$(listener s-to2 h2 "$secure")
$(listener s-to2s h2s "$secure")
$(listener ws1 h1 'protocol = "websocket"')
$(listener ws2 h2 'protocol = "websocket"')
$(listener nghttpd nghttpd)
$(listener nginx nginx "$secure")
$(listener nobody nobody "$secure")
$(listener old old)
$(listener burst burst)
E
get() { curl -sS --max-time 20 --cacert "$folder/cert.pem" "$@"; }

# Every pairing with curl. HTTP/1 clients behave as before.
for name in to1 to2 auto to2s; do
  [ "$(get --http2-prior-knowledge -w '%{http_version}' "http://127.0.0.1:$(port_of $name)/hello")" = $'hello\n2' ] || fail "curl, prior knowledge, to $name: expected hello by HTTP/2"
  get --http2-prior-knowledge "http://127.0.0.1:$(port_of $name)/big" | cmp - "$folder/big" || fail "curl, prior knowledge, to $name: expected the same bytes"
done
for name in s-to1 s-to1s s-to2 s-to2s nginx; do
  [ "$(get --http2 -w '%{http_version}' "https://127.0.0.1:$(port_of $name)/hello")" = $'hello\n2' ] || fail "curl, ALPN, to $name: expected hello by HTTP/2"
  get --http2 "https://127.0.0.1:$(port_of $name)/big" | cmp - "$folder/big" || fail "curl, ALPN, to $name: expected the same bytes"
done
for name in s-to1 s-to1s nginx; do
  [ "$(get --http1.1 -w '%{http_version}' "https://127.0.0.1:$(port_of $name)/hello")" = $'hello\n1.1' ] || fail "curl, HTTP/1.1, to $name: expected hello by HTTP/1.1"
done
[ "$(get --http1.1 "http://127.0.0.1:$(port_of to1)/hello")" = hello ] || fail "HTTP/1 to HTTP/1: expected hello"
# PLACE FOR HTTP/1 TO HTTP/2: http = "2" does not yet serve clients of HTTP/1. Once it does, expect
# hello from to2, s-to2 and to2s with --http1.1 here.
pass "curl: each pairing"

version_in_log() { grep -oE 'HTTP/[0-9.]+ GET /hello\?'"$1"'$' "$folder/server.log" | cut -d' ' -f1; }
for name in s-to1s s-to2s; do get --http2 "https://127.0.0.1:$(port_of $name)/hello?$name" >/dev/null; done
get --http2-prior-knowledge "http://127.0.0.1:$(port_of auto)/hello?auto" >/dev/null
[ "$(version_in_log s-to1s) $(version_in_log s-to2s) $(version_in_log auto)" = "HTTP/1.1 HTTP/2.0 HTTP/2.0" ] ||
  fail "the server's version: expected the one that ALPN or the client has chosen, got: $(version_in_log s-to1s) $(version_in_log s-to2s) $(version_in_log auto)"
pass "the server gets the version that ALPN or the client chooses"

# Details of the protocol, with Node.js on both sides.
same=(hello big upload both trailers early continue nobody parallel neighbours cancel dies last connect)
checks "HTTP/2 to HTTP/1" 1.1 to1 http2_checks "${same[@]}"
checks "HTTP/2 to HTTP/1, TLS on both sides" 1.1 s-to1s http2_checks "${same[@]}"
checks "HTTP/2 to HTTP/2" 2.0 to2 http2_checks "${same[@]}" resets goaway
checks "HTTP/2 to HTTP/2, TLS on both sides" 2.0 s-to2s http2_checks "${same[@]}" resets goaway
for name in to1 ws1 s-to1; do checks "WebSocket over HTTP/2 to HTTP/1, $name" 1.1 $name http2_checks websocket; done
for name in to2 ws2 s-to2; do checks "WebSocket over HTTP/2 to HTTP/2, $name" 2.0 $name http2_checks websocket; done
# The server has noticed each stream that the client has reset, on each of the four paths.
aborted() { [ "$(grep -c '^aborted /endless?cancel' "$folder/server.log")" = 120 ]; }
wait_for 5 aborted || fail "streams reset by the client: expected that the server sees 120 of them end, got $(grep -c '^aborted /endless?cancel' "$folder/server.log")"
pass "the server sees the streams end that the client resets"

# Other clients and servers.
[ "$(nghttp "http://127.0.0.1:$(port_of nghttpd)/hello")" = hello ] || fail "nghttp to nghttpd: expected hello"
nghttp -n -s -m 20 -d "$folder/big" "http://127.0.0.1:$(port_of to2)/upload" >"$folder/nghttp" || fail "nghttp: expected 20 uploads, got: $(cat "$folder/nghttp")"
[ "$(grep -c ' 200 ' "$folder/nghttp")" = 20 ] || fail "nghttp: expected 20 times the status 200, got: $(cat "$folder/nghttp")"
load() { # REQUESTS LISTENER PATH...: checks that each request of a load succeeds.
  h2load -n "$1" -c 4 -m 100 -t 1 "${@:3}" "http://127.0.0.1:$(port_of "$2")/hello" >"$folder/h2load" || fail "h2load to $2: expected exit code 0, got $?"
  grep -q "^requests: .* $1 succeeded, 0 failed, 0 errored" "$folder/h2load" && grep -q "^status codes: $1 2xx" "$folder/h2load" ||
    fail "h2load to $2: expected $1 responses, got: $(grep -E '^(requests|status)' "$folder/h2load")"
}
load 5000 nghttpd
load 2000 to1
pass "nghttp, h2load, nghttpd"
cat >"$folder/client.py" <<'P'
import asyncio, hashlib, httpx, sys
url, ca, big = sys.argv[1:]
want = open(big, "rb").read()
async def main():
    async with httpx.AsyncClient(http2=True, verify=ca, timeout=20) as client:
        some = await asyncio.gather(*[client.get(url + ("/big" if n % 10 == 0 else "/hello")) for n in range(60)])
        assert all(one.http_version == "HTTP/2" and one.status_code == 200 for one in some), {(one.http_version, one.status_code) for one in some}
        assert all(one.content == (want if n % 10 == 0 else b"hello\n") for n, one in enumerate(some)), "a body differs"
        said = await client.post(url + "/upload", content=want)
        assert said.text == f"{len(want)} {hashlib.sha256(want).hexdigest()} -\n", said.text
asyncio.run(main())
P
for name in s-to1s s-to2s; do
  /usr/bin/python3 "$folder/client.py" "https://localhost:$(port_of $name)" "$folder/cert.pem" "$folder/big" 2>"$folder/err" || fail "httpx to $name: $(tail -n 2 "$folder/err")"
done
pass "Python: httpx"

# A server that cannot be reached, and one that leaves.
[ "$(get --http2 -o /dev/null -w '%{http_code} ' "https://127.0.0.1:$(port_of nobody)/{a,b}")" = "502 502 " ] || fail "no server: expected 502 twice on one connection"
pass "no server: 502, and the connection goes on"

[ "$(get --http2-prior-knowledge -o /dev/null -w "%{http_code}" -d body "http://127.0.0.1:$(port_of old)/hello")" = 200 ] || fail "a server that speaks only HTTP/1: expected that it gets the request"
pass "a server that does not speak HTTP/2 gets HTTP/1"

# Streams share connections to a server, even those that begin at once, before one is open.
h2load -n 100 -c 1 -m 100 "http://127.0.0.1:$(port_of burst)/hello?burst" >"$folder/h2load"
grep -q '100 succeeded' "$folder/h2load" || fail "100 streams at once: expected 100 responses, got: $(grep '^requests' "$folder/h2load")"
used=$(grep -a '/hello?burst' "$folder/server.log" | cut -d' ' -f1 | sort -u | grep -c .)
[ "$used" -le 10 ] || fail "100 streams at once: expected at most 10 connections to the server, got $used"
pass "100 streams that begin at once use $used connections"

get "http://127.0.0.1:$api/metrics" >"$folder/metrics"
before=$(sed -n 's/^brownout_request_duration_seconds_count{listener="nghttpd"} //p' "$folder/metrics")
[ "$before" = 5001 ] || fail "metrics: expected 5001 requests on the listener nghttpd, got $before"
connections() { grep -c "^brownout_connections_total{listener=\"$1\"} $2\$" "$folder/metrics"; }
connections nghttpd 5 >/dev/null || fail "metrics: expected 5 connections on the listener nghttpd, got: $(grep 'connections_total.*nghttpd' "$folder/metrics")"
down=$(sed -n 's/^brownout_bytes_total{listener="nghttpd",direction="downstream"} //p' "$folder/metrics")
at_least "$down" 30006 || fail "metrics: expected at least the bytes of 5001 bodies from nghttpd, got $down"
pass "metrics: each stream is a request"

# Memory: of each of 100 bodies that the client does not read, at most 256 KiB wait for the client.
# With what was read at once beyond that, and the allocator's share, 64 MiB bound them.
for name in to1 to2; do
  before=$(held)
  most=$before
  SERVER=any node "$(dirname "$0")/http2_checks.js" "http://127.0.0.1:$(port_of $name)" "$folder/big" endless >"$folder/checks" 2>&1 &
  client=$!
  while kill -0 "$client" 2>/dev/null; do
    now_held=$(held)
    most=$((now_held > most ? now_held : most))
    sleep 0.05
  done
  wait "$client" || fail "100 endless bodies to $name: $(cat "$folder/checks")"
  [ $((most - before)) -lt 65536 ] || sanitized || fail "100 endless bodies to $name: expected less than 64 MiB of additional memory, got $((most - before)) KiB"
  pass "100 endless bodies to $name: $((most - before)) KiB are held"
done

# Nothing remains of clients that have left. Connections to servers may stay open for the next
# request, of HTTP/2 a few.
clients_left() { curl -s "http://127.0.0.1:$api/metrics" | grep '^brownout_connections_open' | grep -qv ' 0$' && return 1 || return 0; }
wait_for 5 clients_left || fail "at the end: expected no open client, got: $(curl -s "http://127.0.0.1:$api/metrics" | grep '^brownout_connections_open' | grep -v ' 0$')"
wait_for 5 none_half_closed || fail "at the end: expected no connection that the server has closed, got: $(half_closed)"
pass "nothing remains of clients that have left"
