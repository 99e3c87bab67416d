// The results of kafkajs, in a form that is the same for each run: see clients.md.
const crypto = require('crypto');
const { CompressionTypes, ConfigResourceTypes } = require('kafkajs');
const { kafka, environment, name, now, sleep, snappy, TIME, FOX, SECONDS } = require('./kafkajs_client.js');

let readers = 0;
const digest = lines => crypto.createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 12);

function record(i) {
  const headers = { number: String(i) };
  return {
    key: i % 5 === 4 ? null : `key${i}`, value: i % 7 === 3 ? null : i === 10 ? FOX.repeat(2000) : `${i} ${FOX}`,
    headers, timestamp: String(TIME + i),
  };
}

class Same {
  constructor(prefix) {
    this.prefix = prefix;
    this.admin = kafka.admin();
  }

  say(...words) {
    const text = words.map(word => (typeof word === 'object' ? JSON.stringify(word) : String(word))).join(' ');
    console.log(text.replaceAll(this.prefix, 'PREFIX'));
  }

  async tell(what, action) {
    try {
      this.say(what, await action());
    } catch (error) {
      this.say(what, name(error));
    }
  }

  // Waits until a description is as expected, because brokers learn of a change one after the other.
  async eventually(expected, description) {
    let found;
    for (const begin = now(); now() < begin + 20; await sleep(0.1)) {
      found = await description();
      if (String(found) === String(expected)) break;
    }
    return found;
  }

  async topic(short, numPartitions, ...configEntries) {
    const topic = `${this.prefix}-${short}`;
    const topics = [{ topic, numPartitions, replicationFactor: -1, configEntries }];
    this.say('topic', short, await this.admin.createTopics({ waitForLeaders: false, topics }), await this.eventually(numPartitions, () => this.led(topic)));
    return topic;
  }

  // The number of partitions whose leader answers. kafkajs does not wait for a topic that a broker does not know yet.
  async led(topic) {
    try {
      return (await this.admin.fetchTopicOffsets(topic)).length;
    } catch (error) {
      return name(error);
    }
  }

  async send(topic, count, partitions, more = {}) {
    const producer = kafka.producer({ idempotent: more.acks === undefined });
    await producer.connect();
    const messages = [...Array(count).keys()].map(i => ({ ...record(i), partition: i % partitions }));
    const found = await producer.send({ topic, messages, ...more });
    this.say('sent', count, found.map(each => `${each.partition}:${each.baseOffset}:${each.errorCode}`).sort());
    await producer.disconnect();
  }

  // Reads until COUNT records of a topic were there.
  async read(topic, count, readUncommitted = true) {
    const consumer = kafka.consumer({ groupId: `${topic}-reader-${++readers}`, readUncommitted, maxWaitTimeInMs: 200 });
    const found = new Set();
    consumer.on(consumer.events.CRASH, event => console.error(`${topic}: ${event.payload.restart} ${event.payload.error.stack}`));
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ partition, message }) => {
      const headers = Object.entries(message.headers).map(([key, value]) => `${key}=${value}`);
      found.add(`${partition} ${message.offset.padStart(8, '0')} ${message.timestamp} ${message.key} ${headers} ${message.value}`);
    } });
    for (const begin = now(); found.size < count && now() < begin + SECONDS;) await sleep(0.05);
    await sleep(0.5);
    await consumer.disconnect();
    return [...found].sort();
  }

  async codecs() {
    for (const codec of ['None', 'GZIP', ...(snappy ? ['Snappy'] : [])]) {
      const topic = await this.topic(`codec-${codec}`, 3);
      await this.send(topic, 60, 3, { compression: CompressionTypes[codec] });
      const records = await this.read(topic, 60);
      this.say('codec', codec, records.length, digest(records), records[0]);
    }
    const topic = await this.topic('acks', 1);
    for (const [index, acks] of [-1, 1, 0].entries()) {
      await this.send(topic, 20, 1, { acks });
      const records = await this.read(topic, 20 * (index + 1));
      this.say('acks', acks, records.length, digest(records));
    }
  }

  async groups() {
    const topic = await this.topic('group', 4);
    const groupId = `${this.prefix}-group`;
    await this.send(topic, 40, 4);
    const seen = new Set();
    const parts = [[], []];
    const members = await Promise.all(parts.map(async (_, index) => {
      const member = kafka.consumer({ groupId, sessionTimeout: 10000, heartbeatInterval: 200, maxWaitTimeInMs: 200 });
      member.on(member.events.GROUP_JOIN, event => (parts[index] = event.payload.memberAssignment[topic] || []));
      await member.connect();
      await member.subscribe({ topic, fromBeginning: true });
      await member.run({ autoCommit: false, eachMessage: async ({ partition, message }) => {
        seen.add(`${partition}:${message.offset}`);
      } });
      return member;
    }));
    const shared = () => seen.size === 40 && parts.every(each => each.length === 2);
    for (const begin = now(); !shared() && now() < begin + SECONDS;) await sleep(0.1);
    const offset = '10';
    await Promise.all(members.map((each, index) => each.commitOffsets(parts[index].map(partition => ({ topic, partition, offset })))));
    this.say('group', parts.map(each => each.length), seen.size);
    const [described] = (await this.admin.describeGroups([groupId])).groups;
    this.say('state', described.state, described.protocolType, described.protocol, described.members.length);
    await Promise.all(members.map(each => each.disconnect()));
    this.say('listed', (await this.admin.listGroups()).groups.filter(each => each.groupId === groupId));
    this.say('committed', await this.offsets(groupId, topic));
    await this.admin.setOffsets({ groupId, topic, partitions: [{ partition: 1, offset: '3' }] });
    this.say('altered', await this.offsets(groupId, topic));
    this.say('group deleted', (await this.admin.deleteGroups([groupId])).map(each => each.errorCode || 0));
    await this.tell('deleted again', async () => (await this.admin.deleteGroups([groupId])).length);
  }

  async offsets(groupId, topic) {
    const [found] = await this.admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets: true });
    return found.partitions.map(each => `${each.partition}:${each.offset}`).sort();
  }

  async transactions() {
    const topic = await this.topic('transactions', 2);
    const transactionalId = `${this.prefix}-transactions`;
    const [older, newer] = [1, 2].map(() => kafka.producer({ transactionalId, maxInFlightRequests: 1, idempotent: true }));
    await older.connect();
    for (let transaction = 0; transaction < 4; transaction++) {
      const current = await older.transaction();
      await current.send({ topic, messages: [...Array(5).keys()].map(i => ({ ...record(i + transaction * 100), partition: i % 2 })) });
      await (transaction % 2 === 0 ? current.commit() : current.abort());
    }
    const committed = await this.read(topic, 10, false);
    this.say('committed', committed.length, digest(committed), 'all', (await this.read(topic, 20)).length);
    await newer.connect();
    await (await newer.transaction()).abort();
    await this.tell('fenced', async () => {
      const current = await older.transaction();
      await current.send({ topic, messages: [{ value: 'x', partition: 0 }] });
      await current.commit();
      return 'not';
    });
    await Promise.all([older.disconnect(), newer.disconnect()]);
  }

  // Reads, processes and writes in transactions, of which every second is aborted and repeated.
  async exactlyOnce() {
    const [source, output] = [await this.topic('input', 3), await this.topic('output', 3)];
    const groupId = `${this.prefix}-exactly-once`;
    await this.send(source, 30, 3);
    const producer = kafka.producer({ transactionalId: groupId, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    const consumer = kafka.consumer({ groupId, readUncommitted: false, maxWaitTimeInMs: 200, sessionTimeout: 10000 });
    await consumer.connect();
    await consumer.subscribe({ topic: source, fromBeginning: true });
    let done = 0;
    await consumer.run({ autoCommit: false, eachBatch: async ({ batch }) => {
      for (let tries = 1; tries <= 2; tries++) {
        const current = await producer.transaction();
        const { partition } = batch;
        await current.send({ topic: output, messages: batch.messages.map(each => ({ key: each.key, value: `${partition}:${each.offset}`, partition })) });
        await current.sendOffsets({ consumerGroupId: groupId, topics: [{ topic: source, partitions: [{ partition, offset: String(Number(batch.lastOffset()) + 1) }] }] });
        await (tries === 1 ? current.abort() : current.commit());
      }
      done += batch.messages.length;
    } });
    for (const begin = now(); done < 30 && now() < begin + SECONDS;) await sleep(0.1);
    await consumer.disconnect();
    await producer.disconnect();
    const values = (await this.read(output, 30, false)).map(each => each.split(' ').pop()).sort();
    this.say('exactly once', values.length, new Set(values).size, digest(values), await this.offsets(groupId, source));
  }

  async errors() {
    const topic = await this.topic('errors', 1);
    const producer = kafka.producer({ retry: { retries: 1 }, allowAutoTopicCreation: false });
    await producer.connect();
    for (const [what, where, value] of [['too large', topic, 'x'.repeat(3000000)], ['no such topic', `${this.prefix}-missing`, 'x'],
      ['no name of a topic', 'a b', 'x']]) {
      await this.tell(what, () => producer.send({ topic: where, messages: [{ value, partition: 0 }] }));
    }
    await producer.disconnect();
  }

  async administration() {
    const found = await this.admin.describeCluster();
    const ports = environment('KAFKA_PORTS').split(' ');
    this.say('cluster', found.clusterId, found.brokers.map(each => `${each.nodeId}${ports.includes(String(each.port)) ? '' : ` at ${each.port}`}`).sort());
    const topic = await this.topic('admin', 3, { name: 'retention.ms', value: '7200000' });
    await this.tell('created again', () => this.admin.createTopics({ topics: [{ topic, numPartitions: 3 }] }));
    await this.tell('more partitions', () => this.admin.createPartitions({ topicPartitions: [{ topic, count: 5 }] }));
    this.say('led', await this.eventually(5, () => this.led(topic)));
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
    const setting = async () => (await this.admin.describeConfigs({ includeSynonyms: false, resources: [{ ...resource, configNames: ['retention.ms'] }] }))
      .resources[0].configEntries[0].configValue;
    await this.tell('setting', setting);
    await this.tell('altered', async () => (await this.admin.alterConfigs({ validateOnly: false, resources: [
      { ...resource, configEntries: [{ name: 'retention.ms', value: '9000000' }] }] })).resources[0].errorCode);
    await this.tell('setting', () => this.eventually('9000000', setting));
    await this.send(topic, 40, 4);
    const offsets = async () => (await this.admin.fetchTopicOffsets(topic)).sort((a, b) => a.partition - b.partition);
    this.say('offsets', await offsets());
    const byTime = await this.admin.fetchTopicOffsetsByTimestamp(topic, TIME + 20);
    this.say('by time', byTime.sort((a, b) => a.partition - b.partition));
    await this.tell('deleted records', () => this.admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '4' }] }));
    this.say('offsets', await offsets());
    await this.tell('deleted', () => this.admin.deleteTopics({ topics: [topic] }));
  }

  async run(only) {
    await this.admin.connect();
    const parts = { codecs: [this.codecs], groups: [this.groups], transactions: [this.transactions, this.exactlyOnce],
      errors: [this.errors], admin: [this.administration] };
    for (const [part, steps] of Object.entries(parts)) {
      if (only.length && !only.includes(part)) continue;
      for (const step of steps) await step.call(this);
    }
    await this.admin.disconnect();
  }
}

module.exports = (prefix, ...only) => new Same(prefix).run(only);
