// Checks of http2_test.sh: a proxy without rules must change nothing. See http2_client.js.
const { constants } = require('http2');
const { answer, ask, assert, big, run, session, sleep, sum, text, webSocket } = require('./http2_client.js');

const version = process.env.SERVER;

const all = {
  async hello() {
    const got = await answer('/hello');
    assert.strictEqual(text(got), '200 hello\n');
    assert.strictEqual(got.headers['x-version'], version);
    assert.strictEqual(text(await answer('/nothing')), '404 no such path\n');
  },
  async big() {
    for (const path of ['/big', '/sized']) {
      const got = await answer(path);
      assert(got.complete && got.body.equals(big), `${path}: ${got.body.length} bytes, ${got.error}`);
      assert.strictEqual(got.headers['content-length'], path === '/sized' || version === '1.1' ? String(big.length) : undefined);
    }
  },
  async upload() {
    const want = `200 ${big.length} ${sum(big)} -\n`;
    assert.strictEqual(text(await answer('/upload', { method: 'POST', body: big })), want);
    assert.strictEqual(text(await answer('/upload', { method: 'POST', body: big, headers: { 'content-length': big.length } })), want);
    assert.strictEqual(text(await answer('/upload', { method: 'POST', body: Buffer.alloc(0), headers: { 'content-length': 0 } })), `200 0 ${sum('')} -\n`);
  },
  async both() {  // bodies in both directions at once, on several streams
    const pairs = await Promise.all([0, 1, 2, 3].map((i) => Promise.all([answer('/big'), answer('/upload', { method: 'PUT', body: big.subarray(i) })])));
    pairs.forEach(([down, up], i) => {
      assert(down.body.equals(big));
      assert.strictEqual(text(up), `200 ${big.length - i} ${sum(big.subarray(i))} -\n`);
    });
  },
  async trailers() {
    const got = await answer('/trailers');
    assert.strictEqual(`${text(got)} ${got.trailers['x-sum']}`, '200 body 42');
    assert.strictEqual(text(await answer('/upload', { method: 'POST', body: 'abc', trailers: { 'x-last': 'word' } })), `200 3 ${sum('abc')} word\n`);
  },
  async early() {
    const got = await answer('/early');
    assert.deepStrictEqual(got.interims.map((some) => `${some[':status']} ${some.link}`), ['103 </style.css>; rel=preload']);
    assert.strictEqual(text(got), '200 late\n');
  },
  async 'continue'() {
    const got = ask('/upload', { method: 'POST', headers: { expect: '100-continue' }, body: (stream) => stream.on('continue', () => stream.end('after')) });
    const timer = setTimeout(() => got.stream.close(8), 2000);
    await got.done;
    clearTimeout(timer);
    assert(got.continued, 'no 100 before the response');
    assert.strictEqual(text(got), `200 5 ${sum('after')} -\n`);
  },
  async nobody() {
    const head = await answer('/sized', { method: 'HEAD' });
    assert.deepStrictEqual([head.status, head.headers['content-length'], head.body.length, head.complete], [200, String(big.length), 0, true]);
    for (const status of [204, 304]) {
      const got = await answer(`/${status}`);
      assert.deepStrictEqual([got.status, got.body.length, got.error, got.headers.etag], [status, 0, null, status === 304 ? '"one"' : undefined]);
    }
  },
  async parallel() {  // each of 100 streams gets its own bytes
    const each = await Promise.all(Array.from({ length: 100 }, (_, i) => Promise.all([
      answer(`/slice?${i * 1000}`), answer('/upload', { method: 'POST', body: big.subarray(i, i + 70000) })])));
    each.forEach(([down, up], i) => {
      assert(down.complete && down.body.equals(big.subarray(i * 1000, i * 1000 + 70000)), `stream ${i}: ${down.status}, ${down.body.length} bytes, ${down.error}`);
      assert.strictEqual(text(up), `200 70000 ${sum(big.subarray(i, i + 70000))} -\n`);
    });
  },
  async neighbours() {  // neither a slow response nor one that is not read delays others
    const late = ask('/held');
    const unread = ask('/endless', { read: false });
    await sleep(100);
    for (let i = 0; i < 20; ++i) assert.strictEqual(text(await answer('/hello')), '200 hello\n');
    assert((await answer('/big')).body.equals(big));
    assert.strictEqual(late.status, 0);
    await answer('/release');
    assert.strictEqual(text(await late.done), '200 late\n');
    unread.stream.close(constants.NGHTTP2_CANCEL);
    await unread.done;
  },
  async cancel() {  // the client resets streams: the server must notice (its log has the paths)
    const some = Array.from({ length: 30 }, (_, i) => ask(`/endless?cancel${i}`, { read: false }));
    await sleep(200);
    for (const one of some) one.stream.close(constants.NGHTTP2_CANCEL);
    await Promise.all(some.map((one) => one.done));
    assert.strictEqual(text(await answer('/hello')), '200 hello\n');
  },
  async dies() {  // the server dies in mid-body: an error, never a whole body
    for (const path of ['/dies', '/dies?sized']) {
      const got = await answer(path);
      assert(got.status === 200 && got.error && !got.complete, `${path}: ${got.status}, ${got.error}, whole: ${got.complete}`);
      assert(got.body.length <= 100000);
      assert.strictEqual(text(await answer('/hello')), '200 hello\n');
    }
    const got = await answer('/crash', { method: 'POST', body: 'x' });
    assert(got.status === 502 || got.error, `before its head: ${text(got)}`);
  },
  async endless() {  // 100 bodies that the client does not read; the script measures the memory
    const some = Array.from({ length: 100 }, () => ask('/endless', { read: false }));
    await sleep(1500);
    some.forEach((one, i) => assert(one.status === 200 && !one.error, `stream ${i}: ${one.status} ${one.error}`));
    assert.strictEqual(text(await answer('/hello')), '200 hello\n');
    some.forEach((one) => one.stream.close(constants.NGHTTP2_CANCEL));
    await Promise.all(some.map((one) => one.done));
  },
  async last() {  // the server has ended after a whole body, which the client reads later, or never
    const late = ask('/last', { read: false });
    const never = ask('/last', { read: false });
    await sleep(600);
    assert(late.status === 200 && never.status === 200 && !late.error && !never.error, `${late.status}, ${late.error}`);
    never.stream.close(constants.NGHTTP2_CANCEL);
    let size = 0;
    late.stream.on('data', (data) => { size += data.length; });
    await Promise.all([never.done, late.done]);
    assert(late.complete && size === 500000, `${size} bytes, ${late.error}`);
    await sleep(300);  // the server ends its connection once it has sent all
    assert.strictEqual(text(await answer('/hello')), '200 hello\n');
  },
  async resets() {  // only HTTP/2 servers: the code arrives
    const got = await answer('/resets');
    assert.strictEqual(`${got.status} ${got.code} ${got.complete}`, `200 ${constants.NGHTTP2_ENHANCE_YOUR_CALM} false`);
    assert.strictEqual(text(await answer('/hello')), '200 hello\n');
  },
  async goaway() {  // the server leaves with GOAWAY: no request is lost
    const some = [];
    for (let i = 0; i < 60; ++i) {
      some.push(answer(i % 20 === 10 ? '/goaway' : '/upload', i % 20 === 10 ? {} : { method: 'POST', body: `n${i}` }));
      await sleep(4);
    }
    (await Promise.all(some)).forEach((got, i) => {
      assert.strictEqual(text(got), i % 20 === 10 ? '200 left\n' : `200 ${`n${i}`.length} ${sum(`n${i}`)} -\n`, `request ${i}: ${got.error}`);
    });
  },
  async connect() {
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'else.test:7' });
    const status = await new Promise((resolve, reject) => { stream.on('response', (head) => resolve(head[':status'])); stream.on('error', reject); });
    assert.strictEqual(status, 200);
    const parts = [];
    stream.on('data', (data) => parts.push(data));
    stream.write('through ');
    await sleep(50);
    assert.strictEqual(Buffer.concat(parts).toString(), 'through ');
    stream.end('the tunnel');
    await new Promise((resolve) => stream.on('close', resolve));
    assert.strictEqual(Buffer.concat(parts).toString(), 'through the tunnel');
  },
  async websocket() {
    const socket = await webSocket('/ws');
    const pong = new Promise((resolve) => socket.on('pong', resolve));
    for (const message of ['hi', 'x'.repeat(70000), big.subarray(0, 1000000)]) {
      const next = socket.next();
      socket.send(message);
      assert(Buffer.from(await next).equals(Buffer.from(message)));
    }
    socket.ping();
    await pong;
    assert.strictEqual(text(await answer('/hello')), '200 hello\n');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.close(1000);
    assert.strictEqual(await closed, 1000);
  },
};

run(all);
