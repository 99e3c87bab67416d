// WebSocket server and load generator for http.sh. `server PORT` echoes messages. `client PORT
// SOCKETS SECONDS` keeps one message in flight on each socket, and prints the echoed messages per
// second.
const WebSocket = require('ws');

const [role, port, sockets, seconds] = process.argv.slice(2);
if (role === 'server') {
  const server = new WebSocket.Server({ host: '127.0.0.1', port: Number(port), perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
} else {
  let count = 0;
  const message = Buffer.alloc(64, 'm');
  for (let i = 0; i < Number(sockets); ++i) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false });
    socket.on('open', () => socket.send(message));
    socket.on('message', () => { ++count; socket.send(message); });
  }
  setTimeout(() => { count = 0; }, 500);
  setTimeout(() => { console.log(count / Number(seconds)); process.exit(0); }, 500 + Number(seconds) * 1000);
}
