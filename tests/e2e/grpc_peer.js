// Server and client for grpc_test.sh, in Node.js. See grpc_peer.py, which does the same.
const crypto = require('crypto');
const fs = require('fs');
const grpc = require('@grpc/grpc-js');

const special = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
const allBytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const keepalive = { 'grpc.keepalive_time_ms': 300, 'grpc.keepalive_timeout_ms': 2000, 'grpc.keepalive_permit_without_calls': 1 };
const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
const same = (bytes) => bytes;
const raw = (path, requestStream, responseStream) => ({ path, requestStream, responseStream, requestSerialize: same, requestDeserialize: same,
  responseSerialize: same, responseDeserialize: same });
const method = (name, up = false, down = false) => raw(`/test.Peer/${name}`, up, down);
const methods = { Echo: method('Echo'), Large: method('Large'), Fail: method('Fail'), Sleep: method('Sleep'),
  FailLate: method('FailLate', false, true), Tell: method('Tell', false, true), Count: method('Count', false, true),
  Collect: method('Collect', true), Chat: method('Chat', true, true) };
const say = (text) => console.log(text);
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sum = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');

function metadataOf(pairs) {
  const metadata = new grpc.Metadata();
  for (const [key, value] of pairs) metadata.add(key, value);
  return metadata;
}

const served = {
  Echo(call, done) {
    const pairs = ['x-ask', 'x-ask-bin'].flatMap((key) => call.metadata.get(key).map((value) => [key.replace('ask', 'echo'), value]));
    call.sendMetadata(metadataOf(pairs));
    done(null, call.request, metadataOf([['x-last', 'word'], ['x-last-bin', Buffer.from([0, 255])]]));
  },
  Large(call, done) { done(null, call.request); },
  Fail(call, done) {
    const [, code, details] = call.request.toString().match(/^(\d+) ([^]*)$/);
    done({ code: Number(code), details, metadata: metadataOf([['grpc-status-details-bin', allBytes]]) });
  },
  Sleep(call) { call.on('cancelled', () => say(`${call.request} cancelled`)); },
  FailLate(call) {
    call.write(Buffer.from('first'));
    call.write(Buffer.from('second'));
    call.emit('error', { code: grpc.status.DATA_LOSS, details: 'late' });
  },
  async Tell(call) {
    call.on('cancelled', () => say(`${call.request} cancelled`));
    for (let i = 0; i < 1000 && !call.cancelled; ++i) { call.write(Buffer.from(String(i))); await later(10); }
    call.end();
  },
  async Count(call) {
    const [number, size, pause] = call.request.toString().split(' ').map(Number);
    for (let i = 0; i < number; ++i) {
      call.write(Buffer.from(`${i} ${'x'.repeat(size)}`));
      if (pause > 0) await later(pause);
    }
    call.end();
  },
  Collect(call, done) {
    const got = [];
    call.on('data', (message) => got.push(message));
    call.on('end', () => done(null, Buffer.from(`${got.length} ${sum(Buffer.concat(got))}`)));
  },
  Chat(call) { call.on('data', (message) => call.write(message)).on('end', () => call.end()); },
};

function serve(port) {
  const server = new grpc.Server(unlimited);
  server.addService(methods, served);
  server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error) => say(error ? error.message : 'serving'));
}

class Client {
  constructor(name, target, options = {}) {
    this.name = name;
    this.target = target;
    const secure = target.startsWith('tls:');
    const credentials = secure ? grpc.credentials.createSsl(fs.readFileSync(process.env.CA)) : grpc.credentials.createInsecure();
    this.client = new grpc.Client(secure ? target.slice(4) : target, credentials, { ...unlimited, 'grpc.use_global_subchannel_pool': 0, ...options });
  }
  unary(path, request, { metadata = new grpc.Metadata(), options = {}, begun = () => {} } = {}) {
    return new Promise((resolve, reject) => {
      const got = {};
      const call = this.client.makeUnaryRequest(path, same, same, Buffer.from(request), metadata, options,
        (error, message) => { if (error) reject(error); else got.message = message; });
      call.on('metadata', (some) => { got.initial = some; });
      call.on('status', (status) => { got.trailing = status.metadata; resolve(got); });
      begun(call);
    });
  }
  down(name, request, { metadata = new grpc.Metadata(), options = {} } = {}) {
    return this.client.makeServerStreamRequest(`/test.Peer/${name}`, same, same, Buffer.from(request), metadata, options);
  }
}

const failure = (call) => call.then(() => 'no error', (error) => error.code);
// The messages before the end or the error, each as `shown` shows it, and the error's code.
function read(call, shown = (message) => message) {
  const got = [];
  return new Promise((resolve) => {
    call.on('data', (message) => got.push(shown(message)));
    call.on('error', (error) => resolve({ got, code: error.code }));
    call.on('end', () => setTimeout(() => resolve({ got }), 100));  // an error comes after the end
  });
}
// The values of a name, which a peer may have joined, and of the name with -bin.
const texts = (metadata, name) => [metadata.get(name).join(', '), ...metadata.get(`${name}-bin`).map((value) => value.toString('base64'))].join(' ');
const words = ({ got, code }) => got.join() + (code === undefined ? '' : ` then ${code}`);
const head = (message) => message.toString().slice(0, 9).trim();
const capital = (value) => (value ? 'True' : 'False');

const checks = {
  unary: async (it) => (await it.unary('/test.Peer/Echo', 'hello')).message.toString(),
  empty: async (it) => `${(await it.unary('/test.Peer/Echo', '')).message.length} bytes`,
  async many(it) {
    const calls = Array.from({ length: 100 }, (_, i) => it.unary('/test.Peer/Echo', `n${i}`));
    return `${(await Promise.all(calls)).filter((got, i) => got.message.toString() === `n${i}`).length} echoes`;
  },
  async large(it) {
    const body = crypto.randomBytes(6_000_000);
    return capital((await it.unary('/test.Peer/Echo', body)).message.equals(body));
  },
  async server_streaming(it) {
    const { got } = await read(it.down('Count', '300 5000 0'), (message) => message.length);
    return `${got.length} messages, ${got.reduce((a, b) => a + b, 0)} bytes`;
  },
  client_streaming: (it) => new Promise((resolve, reject) => {
    const call = it.client.makeClientStreamRequest('/test.Peer/Collect', same, same, (error, message) => (error ? reject(error) : resolve(message.toString())));
    for (let i = 0; i < 300; ++i) call.write(Buffer.from(`${i} `.repeat(1000)));
    call.end();
  }),
  bidi: (it) => new Promise((resolve, reject) => {
    const call = it.client.makeBidiStreamRequest('/test.Peer/Chat', same, same);
    const got = [];
    const ask = () => (got.length < 20 ? call.write(Buffer.from(`turn ${got.length}`)) : call.end());
    call.on('data', (message) => { got.push(message); ask(); }).on('error', reject);
    call.on('end', () => resolve(`${got.length} turns, the last: ${got.at(-1)}`));
    ask();
  }),
  async empty_stream(it) {
    const call = it.client.makeBidiStreamRequest('/test.Peer/Chat', same, same);
    call.end();
    const { got, code } = await read(call);
    return `${got.length} messages${code === undefined ? '' : ` then ${code}`}`;
  },
  async deadline(it) {
    const began = Date.now();
    const code = await failure(it.unary('/test.Peer/Sleep', `${it.name} deadline`, { options: { deadline: Date.now() + 400 } }));
    const took = Date.now() - began;
    return `${code}, ${took > 300 && took < 3000 ? 'in time' : 'late'}`;
  },
  cancel: (it) => failure(it.unary('/test.Peer/Sleep', `${it.name} cancel`, { begun: (call) => setTimeout(() => call.cancel(), 300) })),
  async cancel_after_first(it) {
    const call = it.down('Tell', `${it.name} cancel_after_first`);
    call.once('data', () => call.cancel());
    const { got, code } = await read(call);
    return `${got[0]}, ${code}`;
  },
  async status(it) {
    try {
      return (await it.unary('/test.Peer/Fail', `9 ${special}`)).message.toString();
    } catch (error) {
      const details = error.metadata.get('grpc-status-details-bin');
      const equal = details.length === 1 && allBytes.equals(details[0]);
      return `${error.code}, ${error.details === special ? 'same' : JSON.stringify(error.details)} text, ${equal ? 'same' : details} details`;
    }
  },
  status_late: async (it) => words(await read(it.down('FailLate', ''), head)),
  unimplemented: async (it) => `${await failure(it.unary('/test.Peer/Nothing', ''))} ${await failure(it.unary('/test.Nobody/Echo', ''))}`,
  async metadata(it) {
    const asked = metadataOf([['x-ask', 'one'], ['x-ask', 'two, three'], ['x-ask-bin', allBytes], ['x-ask-bin', Buffer.from([0])]]);
    const got = await it.unary('/test.Peer/Echo', '', { metadata: asked });
    return `${sum(texts(got.initial, 'x-echo')).slice(0, 8)} ${texts(got.trailing, 'x-last')}`;
  },
  gzip: (it) => compressed(it, 2),
  deflate: (it) => compressed(it, 1),
  async keepalive(it) {
    const quiet = new Client(it.name, it.target, keepalive);
    const { got } = await read(quiet.down('Count', '2 1 1000'));
    quiet.client.close();
    return `${got.length} messages`;
  },
  lost: async (it) => words(await read(it.down('Count', '5 1 0'), (message) => message.toString().split(' ')[0])),
  silent: async (it) => words(await read(it.down('Count', '5 1 0', { metadata: metadataOf([['x-quiet', 'yes']]), options: { deadline: Date.now() + 1000 } }), head)),
  refused: (it) => failure(it.unary('/test.Peer/Echo', 'refuse me')),
  async compressed(it) {
    const zip = new Client(it.name, it.target, { 'grpc.default_compression_algorithm': 2 });
    return (await zip.unary('/test.Peer/Echo', 'change me, '.repeat(100))).message.toString();
  },
};
async function compressed(it, algorithm) {
  const zip = new Client(it.name, it.target, { 'grpc.default_compression_algorithm': algorithm });
  const body = Buffer.alloc(100000, 'z');
  const got = await zip.unary('/test.Peer/Large', body);
  zip.client.close();
  return capital(got.message.equals(body));
}
const withRules = ['lost', 'silent', 'refused', 'compressed'];

async function run(names, target) {
  const at = target.indexOf('=');
  const it = new Client(target.slice(0, at), target.slice(at + 1));
  for (const name of names) {
    const result = await checks[name](it).catch((error) => `${error.name} ${error.message}`);
    say(`${it.name} ${name} ${result}`);
  }
}

const [what, first, ...targets] = process.argv.slice(2);
if (what === 'server') {
  serve(first);
} else {
  const names = first === 'all' ? Object.keys(checks).filter((name) => !withRules.includes(name)) : first.split(',');
  Promise.all(targets.map((target) => run(names, target))).then(() => process.exit(0));
}
