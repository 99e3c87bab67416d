// A NATS client for nats_test.sh, with the library for Node.
//
//   nats_client.js MODULES PORT listen SUBJECT [QUEUE]  prints published messages until "end"
//   nats_client.js MODULES PORT say SUBJECT WORD...     publishes each word, then disconnects
//   nats_client.js MODULES PORT answer SUBJECT          answers requests in capitals until "end"
//   nats_client.js MODULES PORT ask SUBJECT WORD...     sends requests, and prints the answers
//   nats_client.js MODULES PORT store SUBJECT WORD...   publishes to JetStream, prints sequences
//   nats_client.js MODULES PORT stay                    waits for a reconnection, at most 30 s
//
// Connection events are printed as "* ...". NATS_CA makes TLS mandatory.
const [modules, port, command, subject, ...rest] = process.argv.slice(2);
const { connect, headers } = require(`${modules}/nats`);
const text = (bytes) => new TextDecoder().decode(bytes);
const bytes = (words) => new TextEncoder().encode(words);

async function main() {
  // The unit is milliseconds.
  const patience = 1000 * Number(process.env.PATIENCE ?? 20);
  const stays = command === 'stay';
  const tls = process.env.NATS_CA ? { tls: { caFile: process.env.NATS_CA } } : {};
  const server = `${process.env.NATS_CA ? 'localhost' : '127.0.0.1'}:${port}`;
  const nc = await connect({ servers: server, name: command, reconnect: stays, reconnectTimeWait: 100, timeout: 5000, ...tls });
  let again;
  const connected = new Promise((done) => { again = done; });
  (async () => {
    for await (const { type, data } of nc.status()) {
      if (type === 'error') console.log(`* ${data}`);
      else if (stays) console.log(`* ${type} ${type === 'update' ? JSON.stringify(data) : ''}`.trimEnd());
      if (type === 'reconnect') again();
    }
  })();
  nc.closed().then((why) => { if (why) console.log(`* closed: ${why.code ?? why.message}`); });
  if (command === 'listen' || command === 'answer') {
    const subscription = nc.subscribe(subject, rest[0] ? { queue: rest[0] } : {});
    await nc.flush();
    console.log('* ready');
    for await (const message of subscription) {
      const said = text(message.data);
      if (command === 'answer') message.respond(bytes(said.toUpperCase()));
      else console.log(said + (message.headers ? ` (${message.headers.get('Tenant')})` : ''));
      if (said === 'end') break;
    }
  }
  if (command === 'say') {
    for (const word of rest) {
      const tenant = headers();
      tenant.set('Tenant', 'blue');
      nc.publish(subject, bytes(word), word.startsWith('h') ? { headers: tenant } : {});
    }
  }
  if (command === 'ask') {
    for (const word of rest) {
      console.log(await nc.request(subject, bytes(word), { timeout: patience }).then((m) => text(m.data), (e) => `* ${e.code}`));
    }
  }
  if (command === 'store') {
    const manager = await nc.jetstreamManager();
    await manager.streams.add({ name: 'STORE', subjects: [subject] }).catch(() => {});
    for (const word of rest) {
      console.log(await nc.jetstream().publish(subject, bytes(word), { timeout: patience }).then((a) => `stored ${a.seq}`, (e) => `* ${e.code}`));
    }
  }
  if (stays) {
    console.log('* ready');
    await Promise.race([connected, new Promise((done) => setTimeout(done, 30000))]);
  }
  await nc.drain().catch(() => {});
}
main().catch((error) => { console.log(`* failed: ${error.code ?? error.message}`); process.exit(1); });
