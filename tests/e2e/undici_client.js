// Requests over HTTP/2 with undici, for http2_browser_test.sh: `undici_client.js URL`. Prints "ok"
// with the number of requests, or what differs.
const assert = require('assert');
const crypto = require('crypto');
const { Agent, request, fetch } = require('undici');

const url = process.argv[2];
const dispatcher = new Agent({ allowH2: true, connect: { rejectUnauthorized: false }, pipelining: 50 });
const body = crypto.randomBytes(300_000);

(async () => {
  const many = await Promise.all(Array.from({ length: 60 }, async (_, i) => {
    const got = await request(`${url}/echo?${i}`, { dispatcher, method: 'POST', body: body.subarray(i) });
    return { status: got.statusCode, version: got.headers['x-version'], bytes: Buffer.from(await got.body.arrayBuffer()) };
  }));
  many.forEach((got, i) => {
    assert.deepStrictEqual([got.status, got.version], [200, '2.0'], `request ${i}`);
    assert(got.bytes.equals(body.subarray(i)), `request ${i}: ${got.bytes.length} bytes`);
  });
  const stream = await fetch(`${url}/events`, { dispatcher });
  assert.match(await stream.text(), /^(data: [1-5]\n\n){5}data: done\n\n$/);
  const cut = new AbortController();
  const endless = await request(`${url}/endless`, { dispatcher, signal: cut.signal });
  cut.abort();
  await assert.rejects(endless.body.text(), { name: 'AbortError' });
  await assert.rejects(request(`${url}/reset`, { dispatcher }).then((got) => got.body.text()), /HTTP\/2|other side closed|stream/i);
  assert.strictEqual((await request(`${url}/echo`, { dispatcher, method: 'PUT', body: 'after' })).statusCode, 200);
  console.log('ok', many.length);
  process.exit(0);
})().catch((error) => { console.log(error.message); process.exit(1); });
