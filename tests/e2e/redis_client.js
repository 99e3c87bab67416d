// A Redis client for redis_messages_test.sh, with the library ioredis.
//
//   redis_client.js MODULES PORT COMMAND...          prints each reply, errors as "* text"
//   redis_client.js MODULES PORT pipe COMMAND...     sends all commands at once
//   redis_client.js MODULES PORT listen CHANNEL      prints published messages until "end"
//   redis_client.js MODULES PORT cluster COMMAND...  connects as a client of a cluster
const [modules, port, what, ...rest] = process.argv.slice(2);
const Redis = require(`${modules}/ioredis`);
const shown = (reply) => (Array.isArray(reply) ? reply.join(',') : String(reply));

async function main() {
  // The unit is milliseconds.
  const patience = 1000 * Number(process.env.PATIENCE ?? 1.5);
  const options = { port: Number(port), retryStrategy: null, maxRetriesPerRequest: 0, commandTimeout: what === 'listen' ? undefined : patience };
  const client = what === 'cluster'
    ? new Redis.Cluster([{ host: '127.0.0.1', port: Number(port) }], { clusterRetryStrategy: null, maxRedirections: 4, redisOptions: { commandTimeout: patience } })
    : new Redis(options);
  client.on('error', () => {});
  if (what === 'listen') {
    await client.subscribe(rest[0]);
    console.log('* ready');
    await new Promise((done) => client.on('message', (_, said) => { console.log(said); if (said === 'end') done(); }));
  } else if (what === 'pipe') {
    const pipeline = client.pipeline();
    for (const line of rest) pipeline.call(...line.split(' '));
    for (const [error, reply] of await pipeline.exec()) console.log(error ? `* ${error.message}` : shown(reply));
  } else {
    for (const line of what === 'cluster' ? rest : [what, ...rest]) {
      console.log(await client.call(...line.split(' ')).then(shown, (error) => `* ${error.message}`));
    }
  }
  client.disconnect();
}
main().catch((error) => { console.log(`* failed: ${error.message}`); process.exit(1); })
  // Without this, timers of answered commands would keep the process alive.
  .then(() => process.stdout.write('', () => process.exit()));
