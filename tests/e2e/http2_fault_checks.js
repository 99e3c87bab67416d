// Checks of http2_faults_test.sh: a fault of one request ends or changes one stream, and the
// connection and its other streams go on. See http2_client.js and the rules in the script.
const { answer, ask, assert, big, run, session, sleep, sum, text, webSocket } = require('./http2_client.js');

// Fails unless the connection still serves requests.
async function goesOn() {
  const got = await answer('/hello');
  assert.strictEqual(text(got), '200 hello\n');
  assert(!session.destroyed && !session.closed, 'the connection has ended');
}
// Makes a request, and beside it one that no rule means, which must get its whole body.
async function beside(path, options) {
  const other = answer('/big');
  const got = await answer(path, options);
  const whole = await other;
  assert(whole.complete && whole.body.equals(big), `a stream beside ${path}: ${whole.status}, ${whole.body.length} bytes, ${whole.error}`);
  await goesOn();
  return got;
}
const broken = (got) => got.error !== null && !got.complete && got.code !== 0;

const all = {
  async abort() {
    const got = await beside('/hello?abort', { method: 'POST', body: big.subarray(0, 100000) });
    assert.strictEqual(`${text(got)} ${got.headers['retry-after']}`, '503 no 7');
    assert.strictEqual((await answer('/hello?abort', { method: 'HEAD' })).status, 503);
  },
  async delay() {
    const late = ask('/hello?delay');
    await goesOn();
    assert.strictEqual(late.status, 0, 'a stream beside the delayed one is later than it');
    await late.done;
    assert.strictEqual(text(late), '200 hello\n');
    assert(late.took >= 595, `the delayed stream took ${late.took} ms`);
  },
  async truncate() {
    for (const path of ['/big?cut', '/sized?cut', '/big?cut_rst']) {
      const got = await beside(path);
      assert(got.status === 200 && broken(got), `${path}: ${got.status}, ${got.error}, whole: ${got.complete}`);
      // After a reset, data in flight may be lost.
      const most = got.body.length <= 1000000 && big.subarray(0, got.body.length).equals(got.body);
      assert(most && (path.endsWith('rst') || got.body.length === 1000000), `${path}: ${got.body.length} bytes`);
    }
  },
  async truncate_upload() {
    const got = await beside('/upload?cut_up', { method: 'POST', body: big });
    assert(broken(got) || got.status === 502, `${text(got)}`);
  },
  async close_before() {
    for (const path of ['/hello?crash', '/hello?crash_rst']) {
      const got = await beside(path);
      assert(got.status === 0 && got.error, `${path}: ${text(got)}`);
    }
  },
  async close_after_headers() {
    const got = await beside('/big?headers');
    assert(got.status === 200 && broken(got) && got.body.length === 0, `${got.status}, ${got.body.length} bytes, ${got.error}`);
  },
  async stall() {
    const got = ask('/big?stall');
    await sleep(400);
    await goesOn();
    assert(got.status === 200 && !got.complete && !got.error);
    got.stream.close(8);
    await got.done;
    assert.strictEqual(got.body.length, 1000000);
  },
  async rate() {
    const got = await beside('/slice?0&rate');
    assert(got.complete && got.body.equals(big.subarray(0, 70000)));
    assert(got.took >= 300, `70 kB at 200 kB/s took ${got.took} ms`);
  },
  async edit() {
    const got = await beside('/json?edit');
    assert.strictEqual(text(got), '200 {"price":0}');
    assert.strictEqual(got.headers['content-length'] || '11', '11');
    assert.strictEqual(text(await answer('/hello?replace')), '200 replaced');
  },
  async corrupt() {
    const got = await beside('/big?flip');
    assert(got.complete && got.body.length === big.length && !got.body.equals(big), `${got.body.length} bytes`);
  },
  async headers() {
    const got = await beside('/hello?add');
    assert.strictEqual(`${text(got)} ${got.headers['x-added']}`, '200 hello\n yes');
    const moved = await answer('/hello?moved');
    assert.strictEqual(`${moved.status} ${moved.headers.location}`, '302 /else');
    assert.strictEqual((await answer('/hello?envoy', { headers: { 'x-envoy-fault-abort-request': '418' } })).status, 418);
    assert.strictEqual((await answer('/hello?gone')).status, 410);
  },
  async limit() {
    const each = await Promise.all([1, 2, 3, 4].map(() => answer('/hello?limited')));
    assert.deepStrictEqual(each.map((got) => got.status).sort(), [200, 200, 429, 429]);
    await goesOn();
  },
  async lost() {  // the request, or its response, is lost: silence, and other streams go on
    const some = ['/hello?drop', '/hello?ack', '/hello?lost'].map((path) => ask(path));
    await sleep(400);
    await goesOn();
    for (const got of some) {
      assert.strictEqual(`${got.status} ${got.error}`, '0 null');
      got.stream.close(8);
    }
    await Promise.all(some.map((got) => got.done));
  },
  async reject() {
    assert.strictEqual(text(await beside('/hello?reject')), '503 full');
  },
  async twice() {
    assert.strictEqual(text(await beside('/hello?twice')), '200 hello\n');
    assert.strictEqual(text(await answer('/upload?twice', { method: 'POST', body: 'abc' })), `200 3 ${sum('abc')} -\n`);
  },
  async hold() {
    const held = ask('/hello?later');
    await sleep(200);
    await goesOn();
    assert.strictEqual(held.status, 0);
    await answer('/hello?now');
    assert.strictEqual(text(await held.done), '200 hello\n');
  },
  async malformed() {  // what HTTP/2 cannot express ends the stream
    for (const what of ['status_line', 'chunk_length', 'content_length']) {
      const got = await beside(`/hello?${what}`);
      assert(got.error && !got.complete || what === 'content_length' && got.headers['content-length'] === '16', `${what}: ${text(got)}`);
    }
  },
  async parallel() {  // 100 streams, of which every second one has a fault
    const each = await Promise.all(Array.from({ length: 100 }, (_, i) => answer(i % 2 ? `/slice?${i}` : ['/hello?abort', '/big?cut', '/hello?crash', '/hello?replace'][i / 2 % 4])));
    each.forEach((got, i) => {
      if (i % 2) return assert(got.complete && got.body.equals(big.subarray(i, i + 70000)), `stream ${i}: ${got.status}, ${got.body.length} bytes, ${got.error}`);
      const want = [() => text(got) === '503 no', () => broken(got) && got.body.length === 1000000, () => got.status === 0 && got.error, () => text(got) === '200 replaced'];
      assert(want[i / 2 % 4](), `stream ${i}: ${got.status}, ${got.body.length} bytes, ${got.error}`);
    });
    await goesOn();
  },
  async websocket() {  // a rule drops messages of one WebSocket; the other streams go on
    const socket = await webSocket('/ws');
    socket.send('lost');
    socket.send('kept');
    assert.strictEqual((await socket.next()).toString(), 'kept');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.send('close me');
    assert.strictEqual(await closed, 1012);
    await goesOn();
  },
  async server_leaves() {  // a server's connection ends while faults hold streams of it
    await goesOn();
    for (let i = 0; i < 3; ++i) {
      const held = [ask('/hello?delay'), ask('/slice?0&rate')];
      const dying = await answer('/dies');
      assert(broken(dying), `${dying.status} ${dying.error}`);
      await Promise.all(held.map((got) => got.done));
      assert.strictEqual(text(await held[0].done), '200 hello\n');
    }
    await goesOn();
  },
  // Streams that are open while the script halts the faults, or changes the rules: see the script.
  async open_delay() {
    const got = ask('/hello?forever');
    await sleep(100);
    console.log('waiting');
    await got.done;
    assert.strictEqual(text(got), '200 hello\n');
    await goesOn();
  },
  async open_rate() {
    const got = ask('/big?crawl');
    await sleep(300);
    assert(got.status === 200 && !got.complete, `status ${got.status}, whole: ${got.complete}, ${got.error}`);
    console.log('waiting');
    await got.done;
    assert(got.complete && got.body.equals(big), `${got.body.length} bytes, ${got.error}`);
    await goesOn();
  },
};

run(all);
