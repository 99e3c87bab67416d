// Calls every function of the published Toxiproxy client, and checks the effect of each toxic.
//
//   node toxiproxy_client.js MODULES API_URL UPSTREAM_PORT
const assert = require('assert');
const net = require('net');
const [, , modules, api, port] = process.argv;
const { Toxiproxy } = require(modules + '/toxiproxy-node-client');

const upstream = `127.0.0.1:${port}`;
const sleep = ms => new Promise(done => setTimeout(done, ms));

// Sends `bytes`. Returns the reply, how the connection ended, and the duration. `until`, if given,
// is awaited after sending instead of waiting `patience` ms.
function talk(listen, bytes, { patience = 3000, half = false, until = null } = {}) {
  return new Promise(done => {
    const [host, to] = [listen.split(':')[0], +listen.split(':').pop()];
    const begin = Date.now();
    let got = Buffer.alloc(0);
    let first = 0;
    const socket = net.connect({ host, port: to, allowHalfOpen: true });
    const end = how => {
      socket.destroy();
      done({ got, how, ms: Date.now() - begin, first });
    };
    const timer = setTimeout(() => end('silent'), until ? 30000 : patience);
    const sent = () => until && until().then(() => { clearTimeout(timer); end('silent'); });
    socket.on('connect', () => (half ? socket.end(bytes) : socket.write(bytes, sent)));
    socket.on('data', data => {
      first = first || Date.now() - begin;
      got = Buffer.concat([got, data]);
      if (!half && got.length >= bytes.length) { clearTimeout(timer); end('answered'); }
    });
    socket.on('end', () => { clearTimeout(timer); end('fin'); });
    socket.on('error', error => { clearTimeout(timer); end(error.code); });
  });
}

async function toxics(proxy, beside) {
  const hello = Buffer.from('hello');
  // Requests after this one, to a proxy without toxics, are answered.
  const others = async () => {
    for (let i = 0; i < 20; ++i) assert.strictEqual((await talk(beside.listen, hello)).how, 'answered');
  };
  const felt = async (body, check, options, bytes = hello) => {
    const toxic = await proxy.addToxic(body);
    check(await talk(proxy.listen, bytes, options));
    await toxic.remove();
    const after = await talk(proxy.listen, hello);
    assert.strictEqual(after.how, 'answered', `${body.type}: ${after.how} when it was removed`);
  };
  await felt({ type: 'latency', attributes: { latency: 200, jitter: 20 } },
    r => assert(r.how === 'answered' && r.ms >= 175 && r.ms < 1500, `latency: ${r.how} after ${r.ms}`));
  await felt({ type: 'latency', stream: 'upstream', attributes: { latency: 0, jitter: 50 } },
    r => assert(r.how === 'answered', `jitter alone: ${r.how}`));
  await felt({ type: 'bandwidth', stream: 'upstream', attributes: { rate: 100 } },
    r => assert(r.how === 'answered' && r.ms >= 400 && r.ms < 2500, `bandwidth: ${r.how} after ${r.ms}`),
    { patience: 5000 }, Buffer.alloc(60000));
  await felt({ type: 'bandwidth', attributes: { rate: 0 } },
    r => assert(r.how === 'silent' && r.got.length === 0, `rate 0: ${r.how}`), { until: others });
  await felt({ type: 'slow_close', attributes: { delay: 300 } },
    r => assert(r.how === 'fin' && r.got.equals(hello) && r.ms >= 290, `slow_close: ${r.how} after ${r.ms}`),
    { half: true });
  await felt({ type: 'timeout', attributes: { timeout: 200 } },
    r => assert(r.how === 'fin' && r.got.length === 0 && r.ms >= 190, `timeout: ${r.how} after ${r.ms}`));
  await felt({ type: 'timeout', attributes: { timeout: 0 } },
    r => assert(r.how === 'silent', `timeout 0: ${r.how}`), { until: others });
  await felt({ type: 'reset_peer', attributes: { timeout: 100 } },
    r => assert(r.how === 'ECONNRESET' && r.got.length === 0 && r.ms >= 95, `reset_peer: ${r.how} after ${r.ms}`));
  await felt({ type: 'slicer', attributes: { average_size: 2, size_variation: 1, delay: 30000 } },
    r => assert(r.how === 'answered' && r.got.equals(hello) && r.ms >= 30, `slicer: ${r.how} after ${r.ms}`));
  await felt({ type: 'limit_data', attributes: { bytes: 3 } },
    r => assert(r.how === 'fin' && r.got.toString() === 'hel', `limit_data: ${r.how} ${r.got}`));
  await felt({ type: 'packet_loss', attributes: { loss_rate: 1 } },
    r => assert(r.how === 'silent', `packet_loss: ${r.how}`), { until: others });
  await felt({ type: 'noop', attributes: {} }, r => assert(r.how === 'answered', `noop: ${r.how}`));
  await felt({ type: 'reset_peer', toxicity: 0, attributes: { timeout: 0 } },
    r => assert(r.how === 'answered', `toxicity 0: ${r.how}`));
}

async function calls(toxiproxy) {
  assert.deepStrictEqual(JSON.parse(await toxiproxy.getVersion()), { version: '2.13.0' });
  assert.deepStrictEqual(await toxiproxy.getAll(), {});
  const proxy = await toxiproxy.createProxy({ name: 'chat', listen: '127.0.0.1:0', upstream });
  assert(/^127\.0\.0\.1:\d+$/.test(proxy.listen), proxy.listen);
  assert.strictEqual((await talk(proxy.listen, Buffer.from('hello'))).how, 'answered');
  // A half-close is forwarded.
  const half = await talk(proxy.listen, Buffer.from('hello'), { half: true });
  assert(half.how === 'fin' && half.got.toString() === 'hello', half.how);
  await assert.rejects(toxiproxy.createProxy({ name: 'chat', listen: '127.0.0.1:0', upstream }), /409/);
  await assert.rejects(toxiproxy.get('nobody'), /404/);

  const toxic = await proxy.addToxic({ type: 'latency', name: 'slow', attributes: { latency: 100 } });
  assert.strictEqual(toxic.stream, 'downstream');
  assert.strictEqual((await proxy.getToxic('slow')).attributes.latency, 100);
  await toxic.update({ attributes: { latency: 250 } });
  assert((await talk(proxy.listen, Buffer.from('x'))).ms >= 240);
  await assert.rejects(proxy.addToxic({ type: 'latency', name: 'slow', attributes: {} }), /409/);
  await assert.rejects(proxy.addToxic({ type: 'latency', name: 'late', attributes: { latency: -1 } }), /400/);
  await assert.rejects(proxy.addToxic({ type: 'slicer', attributes: {} }), /400/);
  await assert.rejects(proxy.addToxic({ type: 'latency', toxicity: 1.5, name: 'x', attributes: {} }), /400/);
  await assert.rejects(proxy.addToxic({ type: 'bandwidth', attributes: { rate: -1 } }), /400/);
  await toxic.remove();
  await assert.rejects(proxy.getToxic('slow'), /404/);
  const beside = await toxiproxy.createProxy({ name: 'beside', listen: '127.0.0.1:0', upstream });
  await toxics(proxy, beside);
  await beside.remove();

  // A disabled proxy refuses connections. When enabled again, it listens on the same port.
  const open = net.connect(+proxy.listen.split(':')[1], '127.0.0.1');
  const ended = new Promise(done => open.on('close', done).on('error', () => {}));
  await new Promise(done => open.on('connect', done));
  open.write('x');
  await new Promise(done => open.on('data', done));
  const off = await proxy.update({ enabled: false, listen: proxy.listen, upstream });
  assert.strictEqual(off.enabled, false);
  await ended;
  assert.strictEqual((await talk(proxy.listen, Buffer.from('x'))).how, 'ECONNREFUSED');
  await toxiproxy.reset();
  const on = await toxiproxy.get('chat');
  assert(on.enabled && on.listen === proxy.listen, JSON.stringify(on.toJson()));
  assert.strictEqual((await talk(proxy.listen, Buffer.from('x'))).how, 'answered');

  const populated = await toxiproxy.populate([
    { name: 'chat', listen: proxy.listen, upstream },
    { name: 'other', listen: '127.0.0.1:0', upstream,
      toxics: [{ type: 'latency', attributes: { latency: 150 } }] }]);
  assert.deepStrictEqual(Object.keys(populated), ['chat', 'other']);
  assert((await talk(populated.other.listen, Buffer.from('x'))).ms >= 140);
  // The upstream of this proxy refuses connections.
  const broken = await toxiproxy.createProxy({ name: 'broken', listen: '127.0.0.1:0', upstream: '127.0.0.1:1' });
  assert.strictEqual((await talk(broken.listen, Buffer.from('x'))).how, 'ECONNRESET');
  for (const one of Object.values(await toxiproxy.getAll())) await one.remove();
  assert.deepStrictEqual(await toxiproxy.getAll(), {});
}

// Sixteen clients change toxics 10,000 times under load. No byte is lost, and no request hangs.
async function storm(toxiproxy) {
  const proxy = await toxiproxy.createProxy({ name: 'storm', listen: '127.0.0.1:0', upstream });
  let over = false;
  const stream = async () => {
    const socket = net.connect(+proxy.listen.split(':')[1], '127.0.0.1');
    let expected = 0;
    socket.on('data', data => {
      for (const byte of data) assert.strictEqual(byte, expected++ % 251, 'a byte is lost or changed');
    });
    const broken = new Promise((_, fail) => socket.on('error', fail).on('close', () => over || fail(new Error('closed'))));
    broken.catch(() => {});
    for (let i = 0; !over; i += 500) {
      socket.write(Buffer.from(Array.from({ length: 500 }, (_, k) => (i + k) % 251)));
      await Promise.race([sleep(5), broken]);
    }
    const all = socket.bytesWritten;
    for (let i = 0; i < 1000 && expected < all; ++i) await Promise.race([sleep(5), broken]);
    assert.strictEqual(expected, all);
    socket.destroy();
  };
  const streams = Promise.all([1, 2, 3, 4].map(stream));
  const changes = +(process.env.CHANGES || 10000);
  const kinds = [{ type: 'latency', attributes: { latency: 2, jitter: 1 } }, { type: 'noop', attributes: {} },
    { type: 'slicer', attributes: { average_size: 64, size_variation: 10, delay: 0 } },
    { type: 'bandwidth', attributes: { rate: 100000 } }];
  let done = 0;
  const client = async number => {
    while (done < changes) {
      const name = `toxic ${number}`.replace(' ', '_');
      const toxic = await proxy.addToxic({ ...kinds[number % 4], name, stream: number % 3 ? 'upstream' : 'downstream' });
      await toxic.update({ toxicity: 0.5, attributes: kinds[number % 4].attributes });
      await toxic.remove();
      done += 3;
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, number) => client(number)));
  over = true;
  await streams;
  await proxy.remove();
}

(async () => {
  const toxiproxy = new Toxiproxy(api);
  await calls(toxiproxy);
  console.log('ok: the node client, through every call it has');
  await storm(toxiproxy);
  console.log('ok: sixteen clients change toxics under load');
  process.exit(0);
})().catch(error => { console.error(error); process.exit(1); });
