// Server for the HTTP/2 tests: `node http2_server.js FOLDER` serves the same paths over HTTP/1 and
// HTTP/2, with and without TLS (FOLDER/key.pem, cert.pem), and writes the ports to FOLDER/ports. It
// prints one line for each request, with the number of its connection.
const fs = require('fs');
const http = require('http');
const http2 = require('http2');
const https = require('https');
const crypto = require('crypto');
const WebSocket = require('ws');

const folder = process.argv[2];
const big = fs.readFileSync(`${folder}/big`);
const sockets = new Map();
const number = (socket) => {
  if (!sockets.has(socket)) sockets.set(socket, sockets.size + 1);
  return sockets.get(socket);
};

// The socket or session of a request, which HTTP/1 and HTTP/2 keep in different places.
const connection = (request) => (request.stream && request.stream.session) || request.socket;

// Upload: answers with the size and digest of the body and with what the trailers say.
function upload(request, response) {
  const digest = crypto.createHash('sha256');
  let size = 0;
  request.on('data', (data) => { digest.update(data); size += data.length; });
  request.on('end', () => response.end(`${size} ${digest.digest('hex')} ${request.trailers['x-last'] || '-'}\n`));
}

// Endless: a body that goes on as long as the client takes it.
function endless(request, response) {
  if (request.method === 'HEAD') return response.end();
  const block = Buffer.alloc(65536, 'x');
  const more = () => {
    while (!response.destroyed && !response.writableEnded && response.write(block));
  };
  response.on('drain', more);
  more();
}

const held = [];
const answers = {
  '/hello': (request, response) => response.end('hello\n'),
  '/json': (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"price":7}');
  },
  '/big': (request, response) => response.end(big),
  '/sized': (request, response) => { response.setHeader('content-length', big.length); response.end(big); },
  '/slice': (request, response) => { const at = parseInt(request.url.split('?')[1], 10); response.end(big.subarray(at, at + 70000)); },
  '/upload': upload,
  '/endless': endless,
  '/204': (request, response) => { response.statusCode = 204; response.end(); },
  '/304': (request, response) => { response.statusCode = 304; response.setHeader('etag', '"one"'); response.end(); },
  '/trailers': (request, response) => {
    response.setHeader('trailer', 'x-sum');
    response.write('body');
    response.addTrailers({ 'x-sum': '42' });
    response.end();
  },
  '/early': (request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    setTimeout(() => response.end('late\n'), 50);
  },
  // Answered once another request, /release, comes.
  '/held': (request, response) => held.push(response),
  '/release': (request, response) => { for (const one of held.splice(0)) one.end('late\n'); response.end('released\n'); },
  // The server dies in mid-body, with and without a content-length, and before its head.
  '/dies': (request, response) => {
    if (request.url.includes('sized')) response.setHeader('content-length', big.length);
    response.write(big.subarray(0, 100000));
    setTimeout(() => { const it = connection(request); it.destroy(); }, 100);
  },
  '/resets': (request, response) => { response.write('part'); setTimeout(() => response.stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM), 50); },
  // The whole body is sent before the server dies.
  '/last': (request, response) => response.end(big.subarray(0, 500000), () => setTimeout(() => connection(request).destroy(), 100)),
  '/crash': (request) => connection(request).destroy(),
  // Graceful: this request and those in flight are answered, later ones need a new connection.
  '/goaway': (request, response) => {
    response.stream.session.close();
    setTimeout(() => response.end('left\n'), 100);
  },
};

function serve(request, response) {
  const path = request.url.split('?')[0];
  const socket = request.stream ? request.stream.session : request.socket;
  console.log(number(socket), `HTTP/${request.httpVersion}`, request.method, request.url);
  request.on('error', () => {});
  response.on('error', () => {});
  response.on('close', () => { if (!response.writableFinished) console.log('aborted', request.url); });
  response.setHeader('x-version', request.httpVersion);
  const answer = answers[path];
  if (answer) return answer(request, response);
  response.statusCode = 404;
  response.end('no such path\n');
}

// Tunnels and WebSocket over HTTP/2 (RFC 8441). `ws` reads the stream as if it were a socket.
function connect(stream, headers) {
  console.log('CONNECT', headers[':protocol'] || '-', headers[':authority'], headers[':path'] || '-');
  stream.on('error', () => {});
  stream.respond({ ':status': 200 });
  if (headers[':protocol'] !== 'websocket') return stream.pipe(stream);
  const socket = new WebSocket(null);
  stream.setNoDelay = stream.setKeepAlive = stream.setTimeout = () => stream;
  socket._isServer = true;
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 1 << 26, skipUTF8Validation: false, allowSynchronousEvents: false });
  echo(socket);
}

function echo(socket) {
  socket.on('message', (data, binary) => { console.log('message', data.length); socket.send(data, { binary }); });
  socket.on('close', (code) => console.log('closed', code));
  socket.on('error', (error) => console.log('error', error.code || error.message));
}

const keys = { key: fs.readFileSync(`${folder}/key.pem`), cert: fs.readFileSync(`${folder}/cert.pem`) };
const settings = { maxSessionMemory: 1000, settings: { enableConnectProtocol: true } };
const servers = {
  h1: http.createServer(serve),
  h2: http2.createServer(settings, serve),
  h1s: https.createServer(keys, serve),
  h2s: http2.createSecureServer({ ...settings, ...keys, allowHTTP1: false }, serve),
};
const ports = {};
let waiting = Object.keys(servers).length;
for (const [name, server] of Object.entries(servers)) {
  if (name.startsWith('h1')) {
    const upgrades = new WebSocket.Server({ server });
    upgrades.on('connection', echo);
    server.on('connect', (request, socket) => {
      console.log('CONNECT', '-', request.url, '-');
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(socket);
    });
  } else {
    server.on('connect', (request) => connect(request.stream, request.headers));
  }
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1', () => {
    ports[name] = server.address().port;
    if (--waiting > 0) return;
    fs.writeFileSync(`${folder}/ports.new`, Object.entries(ports).map(([key, port]) => `${key}=${port}\n`).join(''));
    fs.renameSync(`${folder}/ports.new`, `${folder}/ports`);
  });
}
