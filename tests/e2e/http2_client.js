// Client for the HTTP/2 tests: run() makes checks on one HTTP/2 connection. Arguments of a script
// that uses it: URL, BIG (the file that the server sends as /big), and names of checks. SERVER in
// the environment is the server's HTTP version, CA a file with the CA of the server's certificate.
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const http2 = require('http2');
const WebSocket = require('ws');

const [url, bigFile, ...names] = process.argv.slice(2);
const big = fs.readFileSync(bigFile);
const sum = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const text = (got) => `${got.status} ${got.body}`;

function open() {
  const session = http2.connect(url, { ca: process.env.CA && fs.readFileSync(process.env.CA), servername: 'localhost', maxSessionMemory: 1000 });
  session.on('error', (error) => console.log('session', error.code, error.message));
  session.on('connect', () => session.setLocalWindowSize(1 << 24));
  return session;
}
const session = open();

// Sends a request; returns what arrives until the stream closes. `complete` means that the body has
// ended as the protocol says.
function ask(path, options = {}) {
  const { method = 'GET', body, trailers, headers = {}, read = true, on = session } = options;
  const got = { status: 0, interims: [], trailers: {}, complete: false, error: null, continued: false };
  const parts = [];
  const began = Date.now();
  const stream = on.request({ ':method': method, ':path': path, ...headers },
    { endStream: !body && !trailers, waitForTrailers: Boolean(trailers) });
  got.stream = stream;
  got.done = new Promise((resolve) => {
    stream.on('continue', () => { got.continued = got.status === 0; });
    stream.on('headers', (interim) => got.interims.push(interim));
    stream.on('response', (head) => { got.status = head[':status']; got.headers = head; });
    stream.on('trailers', (some) => { got.trailers = some; });
    if (read) stream.on('data', (data) => parts.push(data));
    stream.on('end', () => { got.complete = true; });
    stream.on('error', (error) => { got.error = error; });
    stream.on('close', () => {
      got.body = Buffer.concat(parts);
      got.code = stream.rstCode;
      got.took = Date.now() - began;
      resolve(got);
    });
    if (trailers) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    if (typeof body === 'function') body(stream);
    else if (body || trailers) stream.end(body);
  });
  return got;
}
const answer = (path, options) => ask(path, options).done;

async function webSocket(path) {
  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, ':scheme': 'http',
    'sec-websocket-version': '13', origin: 'http://localhost' });
  const status = await new Promise((resolve, reject) => {
    stream.on('response', (head) => resolve(head[':status']));
    stream.on('error', reject);
  });
  assert.strictEqual(status, 200);
  stream.setNoDelay = stream.setKeepAlive = stream.setTimeout = () => stream;
  const socket = new WebSocket(null);
  socket._isServer = false;
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 1 << 26, skipUTF8Validation: false, allowSynchronousEvents: false });
  socket.next = () => new Promise((resolve) => socket.once('message', resolve));
  return socket;
}

async function run(all) {
  let code = 0;
  for (const name of names) {
    const began = Date.now();
    try {
      const late = new Promise((_, reject) => setTimeout(reject, 10000, new Error('no result within 10 s')).unref());
      await Promise.race([all[name](), late]);
      console.log('ok', name, process.env.TIMES ? Date.now() - began : '');
    } catch (error) {
      console.log('differs', name, error.message.split('\n').slice(0, 12).join(' '));
      code = 1;
    }
  }
  process.exit(code);
}

module.exports = { answer, ask, assert, big, open, run, session, sleep, sum, text, webSocket };
