#!/usr/bin/env bash
# Tests faults that edit HTTP bodies, and the limits that responses count down: servers are Node.js
# (gzip, deflate and brotli, in chunks or with a length) and nginx, clients are curl, Node.js' fetch
# and Python's requests.
brownout=$1
source "$(dirname "$0")/lib.sh"
need nginx curl node python3

cat >"$folder/server.js" <<'E2'
const http = require('http'), zlib = require('zlib');
const codings = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync };
const price = '{"id":9007199254740993,"items":[{"name":"é","price":1.50}],"stock":7}';
http.createServer((ask, answer) => {
  const parts = [];
  ask.on('data', part => parts.push(part)).on('end', () => {
    const url = new URL(ask.url, 'http://h');
    const body = { '/echo': Buffer.concat(parts).toString(), '/text': 'hello', '/graphql': '{"data":{"user":{"friends":[1]}}}',
      '/large': JSON.stringify('x'.repeat(3000000)) }[url.pathname] ?? price;
    const coding = url.searchParams.get('coding');
    const bytes = coding ? codings[coding](body) : Buffer.from(body);
    answer.setHeader('Content-Type', 'application/json');
    if (coding) answer.setHeader('Content-Encoding', coding);
    answer.setHeader('ETag', '"1"');
    if (url.searchParams.has('length')) answer.setHeader('Content-Length', bytes.length);
    for (let at = 0; at < bytes.length; at += 10000) answer.write(bytes.subarray(at, at + 10000));
    answer.end();
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
E2
port=$(free_port)
start server node "$folder/server.js" "$port"
wait_port "$port"
proxy edits "$port" '
[[rule]]
match = { path = "/price", not = { query = "plain" } }
fault = { type = "edit_body", set = { "/items/0/price" = 0 }, remove = ["/stock"] }
[[rule]]
name = "all but text"
match = { path = ["/text", "/large"] }
fault = { type = "edit_body", merge = { a = 1 } }
[[rule]]
match = { path = "/echo", direction = "upstream" }
fault = { type = "edit_body", regex = "\\b(\\d+) EUR", with = "\\1 USD" }
[[rule]]
match = { path = "/broken" }
fault = { type = "malformed", what = "json" }
[[rule]]
match = { path = "/graphql" }
fault = { type = "graphql_errors", code = "TIMEOUT", path = ["user", "friends"], data = "null" }
[[rule]]
match = { path = "/dribble" }
fault = { type = "dribble", chunks = 4, over = "800ms" }
[[rule]]
match = { path = "/limited" }
fault = { type = "rate_limit", limit = 2, window = "1m", header_prefix = "X-RateLimit-" }
' 'protocol = "http"'
url=http://127.0.0.1:$proxy_port
want='{"id":9007199254740993,"items":[{"name":"é","price":0}]}'
for coding in "" gzip deflate br; do
  for length in "" "&length"; do
    got=$(curl -sS --compressed "$url/price?coding=$coding$length" -D "$folder/head") || fail "edit_body with \"$coding\": curl ended with exit code $?"
    [ "$got" = "$want" ] || fail "edit_body with \"$coding\": expected $want, got $got"
    [ -z "$coding" ] || grep -qi "^content-encoding: $coding" "$folder/head" || fail "edit_body: expected the coding $coding to stay, got: $(cat "$folder/head")"
    grep -qi '^content-length: ' "$folder/head" || fail "edit_body: expected a Content-Length, got: $(cat "$folder/head")"
    if grep -qi '^etag' "$folder/head"; then fail "edit_body: expected no ETag, got: $(cat "$folder/head")"; fi
  done
done
[ "$(curl -sS "$url/price?plain" -D "$folder/head")" != "$want" ] || fail "a rule that does not match: expected the server's body, got the edited one"
grep -qi '^etag' "$folder/head" || fail "a rule that does not match: expected the ETag, got: $(cat "$folder/head")"
curl -sS -I "$url/price" >"$folder/head" || fail "HEAD: curl ended with exit code $?"
grep -qi '^etag' "$folder/head" || fail "HEAD: expected unchanged headers, got: $(cat "$folder/head")"
pass "edit_body in curl: plain, gzip, deflate, brotli; with a length and in chunks"

cat >"$folder/client.js" <<'E2'
(async () => {
  for (const coding of ['gzip', 'deflate', 'br']) {
    const answer = await (await fetch(`${process.argv[2]}/price?coding=${coding}`)).json();
    if (answer.items[0].price !== 0 || 'stock' in answer) throw new Error(coding + ': ' + JSON.stringify(answer));
  }
  const answer = await fetch(`${process.argv[2]}/graphql`);
  const body = await answer.json();
  if (answer.status !== 200 || body.data.user.friends !== null || body.errors[0].extensions.code !== 'TIMEOUT')
    throw new Error(answer.status + JSON.stringify(body));
  const broken = await fetch(`${process.argv[2]}/broken`);
  await broken.json().then(json => { throw new Error('parsed ' + JSON.stringify(json)); },
    error => { if (!(error instanceof SyntaxError)) throw error; });
})().catch(error => { console.error(error); process.exit(1); });
E2
node "$folder/client.js" "$url" 2>"$folder/client.err" || fail "fetch of Node.js: expected edited bodies, got: $(cat "$folder/client.err")"
pass "fetch of Node.js: edited bodies, GraphQL errors beside data with status 200, JSON that cannot be parsed"

python3 - "$url" <<'E2' || fail "Python's requests: expected edited bodies and requests, see above"
import sys, json, requests
url = sys.argv[1]
session = requests.Session()
for coding in ("gzip", "deflate"):
    answer = session.get(f"{url}/price?coding={coding}").json()
    assert answer["items"][0]["price"] == 0 and "stock" not in answer, answer
assert session.post(f"{url}/echo", data="5 EUR or 70 EUR").text == "5 USD or 70 USD"
assert session.post(f"{url}/echo", data=iter([b"5 E", b"UR"])).text == "5 USD"
plain, broken = session.get(f"{url}/other"), session.get(f"{url}/broken")
assert len(plain.content) == len(broken.content), broken.content
try:
    broken.json()
    sys.exit("the broken JSON was parsed")
except ValueError:
    pass
E2
[ "$(curl -sS -H 'Expect: 100-continue' -d '12 EUR' "$url/echo")" = '12 USD' ] || fail "a request that waits for 100: expected \"12 USD\", got another body"
pass "Python's requests: gzip, deflate, edited requests with a length and in chunks; curl waits for 100"

[ "$(curl -sS "$url/text")" = hello ] || fail "a body that is not JSON: expected \"hello\", got another one"
curl -sS "$url/large" -o "$folder/large"
[ "$(stat -c %s "$folder/large")" = 3000002 ] || fail "a large body: expected 3000002 bytes, got $(stat -c %s "$folder/large")"
curl -sS --compressed "$url/large?coding=br" -o "$folder/large"
[ "$(stat -c %s "$folder/large")" = 3000002 ] || fail "a large body in brotli: expected 3000002 bytes, got $(stat -c %s "$folder/large")"
says() { grep -q "\"event\":\"body unchanged\".*$1" "$folder/edits.jsonl"; }
for why in "the body is not JSON" "the body has more than 1048576 bytes" "the body decodes to more than 1048576 bytes at once"; do
  wait_for 5 says "$why" || fail "a body that is not edited: expected an event \"$why\", got: $(tail -5 "$folder/edits.jsonl")"
done
pass "bodies that are not JSON or too large pass unchanged, with an event"

for path in "/dribble" "/dribble?length"; do
  times=$(curl -sS "$url$path" -o "$folder/out" -w '%{time_starttransfer} %{time_total}')
  at_least "${times#* }" 0.8 || fail "dribble: expected 0.8 s or more, got: $times"
  [ "$(cat "$folder/out")" = "$(curl -sS "$url/other")" ] || fail "dribble: expected an unchanged body, got: $(cat "$folder/out")"
done
pass "dribble: the body arrives over 0.8 s, with a length and in chunks"

for left in 1 0 0; do
  curl -sS "$url/limited" -o /dev/null -D "$folder/head"
  grep -q "^X-RateLimit-Remaining: $left" "$folder/head" || fail "rate_limit: expected $left requests to be left, got: $(cat "$folder/head")"
  grep -q '^X-RateLimit-Limit: 2' "$folder/head" && grep -qE '^X-RateLimit-Reset: (60|5.)' "$folder/head" || fail "rate_limit: expected a limit and its end, got: $(cat "$folder/head")"
done
grep -q '^HTTP/1.1 429' "$folder/head" && grep -qE '^retry-after: (60|5.)' "$folder/head" || fail "rate_limit: expected 429 with Retry-After, got: $(cat "$folder/head")"
pass "rate_limit: headers count down in a window, then 429"

web=$(free_port)
mkdir "$folder/files"
printf '{"price":1.50,"text":"%s"}' "$(head -c 3000 /dev/zero | tr '\0' x)" >"$folder/files/price.json"
start_nginx "$web" "types { application/json json; } gzip on; gzip_types application/json; server { listen 127.0.0.1:$web; root $folder/files; }"
proxy nginx "$web" '
[[rule]]
fault = { type = "edit_body", merge = { price = 0 } }' 'protocol = "http"'
url=http://127.0.0.1:$proxy_port/price.json
for option in "" --compressed; do
  curl -sS $option "$url" -D "$folder/head" | grep -q '^{"price":0,"text":"x' || fail "nginx $option: expected the price 0, got the head: $(cat "$folder/head")"
  [ -z "$option" ] || grep -qi '^content-encoding: gzip' "$folder/head" || fail "nginx: expected gzip, got: $(cat "$folder/head")"
done
[ "$(curl -sS -r 0-3 "$url" -w ' %{http_code}')" = '{"pr 206' ] || fail "a range of nginx: expected the part unchanged, got another one"
changed=$(curl -sS -I "$url" | tr -d '\r' | sed -n 's/^Last-Modified: //p')
[ "$(curl -sS -H "If-Modified-Since: $changed" "$url" -w '%{http_code}')" = 304 ] ||
  fail "304 of nginx: expected it to pass, got another status"
pass "nginx with gzip: edited; a range and 304 pass unchanged"
