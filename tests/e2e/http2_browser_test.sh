#!/usr/bin/env bash
# Tests HTTP/2 with Chromium and undici: a page, an EventSource and a fetch stream, without rules and
# with faults of events.
brownout=$1
source "$(dirname "$0")/lib.sh"
source "$(dirname "$0")/http2_lib.sh"
need node chromium openssl
here=$(cd "$(dirname "$0")" && pwd)
export NODE_PATH=$here/../../build/npm/node_modules
for module in playwright-core undici; do
  [ -d "$NODE_PATH/$module" ] || fail "$module is needed and not installed; run .ci/install-packages --tests"
done

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/key.pem" -out "$folder/cert.pem" -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
cat >"$folder/server.js" <<'P'
const http2 = require('http2');
const serve = (request, response) => {
  const path = request.url.split('?')[0];
  console.log(request.httpVersion, request.method, request.url);
  request.on('aborted', () => console.log('aborted', path));
  response.on('error', () => {});
  response.setHeader('x-version', request.httpVersion);
  if (path === '/page') { response.setHeader('content-type', 'text/html'); return response.end('<title>a page</title>'); }
  if (path === '/echo') return request.pipe(response);
  if (path === '/endless') return response.write('x');
  if (path === '/reset') { response.write('x'); return setTimeout(() => response.stream.close(2), 50); }
  if (path !== '/events' && path !== '/stream') { response.statusCode = 404; return response.end(); }
  response.setHeader('content-type', 'text/event-stream');
  const events = ['1', '2', '3', '4', '5', 'done'];
  const next = () => {
    if (events.length === 0) return request.headers.accept === 'text/event-stream' ? undefined : response.end();
    response.write(`data: ${events.shift()}\n\n`);
    setTimeout(next, 20);
  };
  next();
};
http2.createServer(serve).listen(Number(process.argv[2]), '127.0.0.1');
P
port=$(free_port)
start server node "$folder/server.js" "$port"
wait_port "$port"

run_brownout brownout <<E
version = 1
$(upstream server "$port" 'http = "2"')
$(listener plain server "${secure/http/sse}")
$(listener faults server "${secure/http/sse}")
$(listener silent server "${secure/http/sse}")
[[rule]]
match = { listener = "faults", text = "2" }
per = "message"
fault = { type = "drop" }
[[rule]]
match = { listener = "faults", text = "4" }
per = "message"
fault = { type = "replace", text = "four" }
[[rule]]
match = { listener = "faults", text = "5" }
per = "message"
fault = { type = "cut_stream", close = "rst" }
[[rule]]
match = { listener = "silent", text = ["3", "4", "5", "done"] }
per = "message"
fault = { type = "half_open" }
E

browser() { # LISTENER REGEX: what the page must see, as JSON
  local got
  got=$(HOME=$folder timeout 60 node "$here/browser_page.js" "https://127.0.0.1:$(port_of "$1")") || fail "Chromium, $1: expected exit code 0, got: $got"
  [[ $got =~ ^$2$ ]] || fail "Chromium, $1: expected
$2
but the page has seen
$got"
  pass "Chromium, $1: $got"
}
page='\{"title":"a page","page":"h2","events":"EVENTS","stream":"STREAM","fetch":"h2"\}'
seen() { sed "s/EVENTS/$1/; s/STREAM/$2/" <<<"$page"; }
browser plain "$(seen '1 2 3 4 5 done' '1 2 3 4 5 done, end')"
# At a reset Chromium may discard data that the page has not read yet.
browser faults "$(seen '1( 3( four)?)? error' '1( 3( four)?)?, TypeError')"
browser silent "$(seen '1 2 silence' '1 2, silence')"
ended() { [ "$(grep -c '^aborted /events' "$folder/server.log")" -ge 3 ]; }
wait_for 5 ended || fail "Chromium: expected that the server sees each EventSource end, got: $(grep -c '^aborted /events' "$folder/server.log")"

got=$(NODE_NO_WARNINGS=1 timeout 30 node "$here/undici_client.js" "https://127.0.0.1:$(port_of plain)") || fail "undici: expected no error, got: $got"
wait_for 5 grep -q '^aborted /endless' "$folder/server.log" || fail "undici: expected that the server sees the end of the request that the client aborts"
pass "undici: ${got#ok } requests at once, a stream, an abort, a reset"
alive "Chromium and undici" brownout
