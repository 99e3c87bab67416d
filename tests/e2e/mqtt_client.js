// Tests the npm client `mqtt` under faults: every numbered message that it reports as acknowledged
// must arrive, at QoS 2 exactly once. The client gives up some messages with the error "Connection
// closed". These were published while it sent its stored messages again after a reconnection, and
// that connection ended, too.
//
//   node mqtt_client.js MODULES PROXY_PORT BROKER_PORT
const [modules, proxy, broker] = process.argv.slice(2);
const mqtt = require(modules + "/mqtt");
const COUNT = 200;

const open = (port, clientId) =>
  new Promise((resolve) => {
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { clientId, clean: false, reconnectPeriod: 200, protocolVersion: 4 });
    client.on("error", () => {});
    client.once("connect", () => resolve(client));
  });

async function exchange(qos) {
  const topic = `second/${qos}`;
  const arrived = new Map();
  const subscriber = await open(broker, `second-subscriber-${qos}`);
  await new Promise((resolve) => subscriber.subscribe(topic, { qos }, resolve));
  subscriber.on("message", (_, payload) => arrived.set(String(payload), (arrived.get(String(payload)) || 0) + 1));
  const publisher = await open(proxy, `second-publisher-${qos}`);
  let connections = 1;
  publisher.on("connect", () => connections++);
  const acknowledged = [];
  for (let i = 0; i < COUNT; i++) {
    acknowledged.push(new Promise((resolve) => publisher.publish(topic, String(i), { qos }, (error) => resolve(error ? null : String(i)))));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const sent = (await Promise.all(acknowledged)).filter((number) => number !== null);
  const missing = () => sent.filter((number) => !arrived.has(number)).length;
  for (let i = 0; i < 100 && missing() > 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  const doubled = [...arrived.values()].filter((times) => times > 1).length;
  publisher.end(true);
  subscriber.end(true);
  const wrong = missing() > 0 || sent.length < COUNT / 4 || connections < 2 || (qos === 2 && doubled > 0);
  console.log(`QoS ${qos}: ${sent.length} acknowledged, ${missing()} of them lost, ${doubled} doubled, ${connections} connections`);
  if (wrong) process.exit(1);
}

setTimeout(() => {
  console.error("npm mqtt: not over after two minutes");
  process.exit(1);
}, 120_000).unref();
(async () => {
  await exchange(1);
  await exchange(2);
  process.exit(0);
})();
