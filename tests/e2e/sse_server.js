// Server of an event stream: `node sse_server.js PORT replay|forget RETRY`. It sends a numbered event
// every 100 ms and a comment every 150 ms. With "replay" it continues behind the Last-Event-ID of a
// client that connects again; with "forget" it goes on with the next event. A client shall wait RETRY
// milliseconds before it connects again. It prints the Last-Event-ID of each stream, or "-".
const http = require('http');

const [port, memory, retry] = process.argv.slice(2);
const sent = [];
const streams = new Set();

const event = (number) => `id: ${number}\ndata: {"seq":${number},"text":"event ${number}"}\n\n`;

http.createServer((request, response) => {
  if (request.url !== '/events') return response.writeHead(404).end();
  const last = request.headers['last-event-id'];
  console.log(last || '-');
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.write(`retry: ${retry}\n\n`);
  if (last && memory === 'replay') response.write(sent.slice(Number(last)).map(event).join(''));
  streams.add(response);
  response.on('close', () => streams.delete(response));
}).listen(port, '127.0.0.1');

setInterval(() => {
  sent.push(sent.length + 1);
  for (const stream of streams) stream.write(event(sent.length));
}, 100);
setInterval(() => { for (const stream of streams) stream.write(': alive\n'); }, 150);
