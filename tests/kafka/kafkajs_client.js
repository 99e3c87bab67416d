// kafkajs for tests/kafka.sh and tests/e2e/kafka_clients_test.sh; clients.md has the commands.
const fs = require('fs');
const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = require('kafkajs');

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
let snappy = false;
try {
  CompressionCodecs[CompressionTypes.Snappy] = require('kafkajs-snappy');
  snappy = true;
} catch (error) {
  if (error.code !== 'MODULE_NOT_FOUND') throw error;
}
const environment = (name, otherwise = '') => process.env[name] || otherwise;
const TIME = 1700000000000;
const FOX = 'the quick brown fox '.repeat(8);
const SECONDS = 120;
const requestTimeout = Number(environment('KAFKA_REQUEST_TIMEOUT', '30000'));
// kafkajs has no time-out of its own for a delivery, only a number of tries.
const retries = Math.max(2, Math.round(Number(environment('KAFKA_DELIVERY_TIMEOUT', '60000')) / Math.min(5000, requestTimeout)));
const now = () => Number(process.hrtime.bigint()) / 1e9;
const sleep = seconds => new Promise(done => setTimeout(done, seconds * 1000));

function token() {
  const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');
  const second = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none' })}.${part({ sub: environment('KAFKA_USER'), iat: second, exp: second + 3600 })}.`;
}

function connect() {
  const settings = {
    brokers: [environment('KAFKA_SERVER')], clientId: environment('KAFKA_CLIENT_ID', 'kafkajs'), logLevel: logLevel.NOTHING,
    requestTimeout, reauthenticationThreshold: 1000,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries },
  };
  const ca = environment('KAFKA_CA');
  if (ca) settings.ssl = { ca: [fs.readFileSync(ca)] };
  const mechanism = environment('KAFKA_SASL').toLowerCase();
  const user = { mechanism, username: environment('KAFKA_USER'), password: environment('KAFKA_PASSWORD') };
  if (mechanism) settings.sasl = mechanism === 'oauthbearer' ? { mechanism, oauthBearerProvider: async () => ({ value: token() }) } : user;
  return new Kafka(settings);
}
const kafka = connect();
// The type of an error of the protocol, or else the name of kafkajs' own error.
const name = error => (error.cause && name(error.cause)) || error.type || error.name;

async function produce(topic, count, mode) {
  const of_mode = { idempotent: { idempotent: true }, plain: {}, acks0: {} };
  const producer = kafka.producer(of_mode[mode] || { idempotent: true, transactionalId: mode.slice(3), maxInFlightRequests: 1 });
  await producer.connect();
  let delivered = 0;
  let longest = 0;
  const errors = [];
  const begin = now();
  for (let i = 0; i < Number(count); i++) {
    const start = now();
    const batch = { topic, acks: mode === 'acks0' ? 0 : -1, messages: [{ key: 'key', value: String(i), partition: 0 }] };
    try {
      if (mode.startsWith('tx=')) {
        const transaction = await producer.transaction();
        try {
          await transaction.send(batch);
          await transaction.commit();
        } catch (error) {
          if (transaction.isActive()) await transaction.abort();
          throw error;
        }
      } else {
        await producer.send(batch);
      }
      delivered++;
    } catch (error) {
      errors.push(name(error));
    }
    longest = Math.max(longest, now() - start);
    await sleep(Number(environment('KAFKA_PAUSE', '0')) / 1000);
  }
  const kinds = [...new Set(errors)].sort().join(',') || '-';
  console.log(`delivered=${delivered} failed=${errors.length} error=${kinds} longest=${longest.toFixed(1)} ` +
    `total=${(now() - begin).toFixed(1)} throttled=no`);
  await producer.disconnect();
}

async function consume(topic, groupId, count) {
  const consumer = kafka.consumer({ groupId, sessionTimeout: 6000, heartbeatInterval: 200, maxWaitTimeInMs: 200 });
  const seen = new Set();
  let read = 0;
  let assigned = 0;
  let failed = '-';
  consumer.on(consumer.events.GROUP_JOIN, event => (assigned += Object.keys(event.payload.memberAssignment).length > 0));
  consumer.on(consumer.events.CRASH, event => (failed = name(event.payload.error)));
  let end = now() + Number(environment('KAFKA_PATIENCE', '40'));
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ partition, message }) => {
      read++;
      seen.add(`${partition}:${message.value}`);
    } });
  } catch (error) {
    failed = name(error);
    end = 0;
  }
  let complete = false;
  while (now() < end) {
    // More records, and more assignments, may follow for a while after all numbers were there.
    if (!complete && seen.size >= Number(count)) {
      complete = true;
      end = Math.min(end, now() + 1.5);
    }
    await sleep(0.05);
  }
  console.log(`read=${read} different=${seen.size} assigned=${assigned} error=${failed}`);
  await consumer.disconnect();
}

async function lag(topic) {
  const groupId = `lag-${process.pid}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let read = 0;
  let left = -1;
  // kafkajs tells the lag of a consumer with each batch.
  consumer.on(consumer.events.START_BATCH_PROCESS, event => (left = Number(event.payload.offsetLag)));
  await consumer.run({ eachBatch: async ({ batch, resolveOffset }) => {
    read += batch.messages.length;
    for (const message of batch.messages) resolveOffset(message.offset);
  } });
  await sleep(2.5);
  await consumer.disconnect();
  const admin = kafka.admin();
  await admin.connect();
  const found = await admin.fetchTopicOffsets(topic);
  console.log(`read=${read} lag=${left} end=${found.find(each => each.partition === 0).high}`);
  await admin.disconnect();
}

async function login() {
  const client = connect().admin({ retry: { retries: 1, initialRetryTime: 50 } });
  try {
    await client.connect();
    console.log('logged in, brokers', (await client.describeCluster()).brokers.length);
  } catch (error) {
    console.log(`${name(error)}: ${error.message}`);
  }
  await client.disconnect();
}

module.exports = { kafka, environment, name, now, sleep, snappy, TIME, FOX, SECONDS };
const [command, ...words] = process.argv.slice(2);
const commands = { produce, consume, lag, login, same: (...all) => require('./kafkajs_same.js')(...all) };
commands[command](...words).then(() => process.exit(0), error => {
  console.error(`${name(error)}: ${error.stack}`);
  process.exit(1);
});
