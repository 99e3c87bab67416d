// WebSocket server and client for websocket_test.sh, with the library ws. `server PORT` echoes
// every message, serves a page with a WebSocket, and prints the page's requests. `client URL
// STEPS...` prints one line per event.
const WebSocket = require('ws');
const http = require('http');

const page = `<!doctype html><title>holds a WebSocket</title><script>
const tell = (what) => fetch('/result?' + encodeURIComponent(what));
const socket = new WebSocket('ws://' + location.host + '/ws');
socket.onopen = () => { socket.send('lost'); socket.send('from the page'); };
socket.onmessage = (event) => { tell('message ' + event.data); socket.send('close me'); };
socket.onclose = (event) => tell('closed ' + event.code + ' ' + event.reason);
</script>`;

function server(port) {
  const pages = http.createServer((request, response) => {
    console.log(request.method, decodeURIComponent(request.url));
    response.setHeader('content-type', 'text/html');
    response.end(request.url === '/page' ? page : 'ok');
  });
  const sockets = new WebSocket.Server({ server: pages, perMessageDeflate: true });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => {
      console.log('message', binary ? `${data.length} bytes` : data.toString().slice(0, 60));
      socket.send(data, { binary });
    });
    socket.on('close', (code) => console.log('closed', code));
    socket.on('error', (error) => console.log('error', error.code || error.message));
  });
  pages.listen(port, '127.0.0.1');
}

// Steps are say:TEXT, big:BYTES, ping, and lines:COUNT. The last one waits until COUNT lines of
// messages, pongs and the close have been printed.
async function client(url, deflate, steps) {
  let lines = 0;
  const print = (...words) => {
    console.log(...words);
    ++lines;
  };
  const socket = new WebSocket(url, { perMessageDeflate: deflate === 'deflate' });
  socket.on('close', (code, reason) => print('closed', code, reason.toString()));
  socket.on('message', (data, binary) => print('message', binary ? `${data.length} bytes` : data.toString()));
  socket.on('pong', () => print('pong'));
  socket.on('error', (error) => console.log('error', error.code || error.message));
  await new Promise((resolve) => socket.on('open', resolve));
  for (const step of steps) {
    const [what, value] = step.split(/:(.*)/);
    if (what === 'say') socket.send(value);
    if (what === 'big') socket.send(Buffer.alloc(Number(value), 7));
    if (what === 'ping') socket.ping();
    if (what !== 'lines') continue;
    for (let i = 0; i < 1000 && lines < Number(value); ++i) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (socket.readyState === WebSocket.OPEN) console.log('open');
  process.exit(0);
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'server') server(Number(rest[0]));
else client(rest[0], rest[1], rest.slice(2));
