// Shows the effect of a fault on the npm client `mqtt`. Subscribes to a topic, publishes numbered
// messages to it, and prints the received messages in order, with their times, as one line of JSON.
//
//   node mqtt_probe.js MODULES URL COUNT QOS [SESSION]
//
// SESSION is the client id of a persistent session. Prints {"present":.., "maximum":.., "got":[..],
// "times":[ms..]}.
const [modules, url, count, qos, session] = process.argv.slice(2);
const mqtt = require(modules + "/mqtt");

const options = { protocolVersion: 5, reconnectPeriod: 0, connectTimeout: 5000 };
if (session) Object.assign(options, { clientId: session, clean: false, properties: { sessionExpiryInterval: 60 } });
const client = mqtt.connect(url, options);
const topic = `probe/${process.pid}`;
const said = { got: [], times: [] };

function finish() {
  console.log(JSON.stringify(said));
  process.exit(0);
}

client.on("error", (error) => {
  said.error = error.message;
  finish();
});
client.on("close", () => {
  said.closed = true;
  setTimeout(finish, 100);
});
client.once("connect", (connack) => {
  said.present = connack.sessionPresent;
  said.maximum = connack.properties?.receiveMaximum;
  client.subscribe(topic, { qos: Number(qos) }, () => {
    const began = Date.now();
    let ending = false;
    client.on("message", (_, payload) => {
      said.got.push(payload.toString("latin1"));
      said.times.push(Date.now() - began);
      if (said.got.length < Number(count) || ending) return;
      // Duplicates arrive before the answer to this request.
      ending = true;
      client.subscribe(`${topic}/end`, { qos: 0 }, () => client.end(false, {}, finish));
    });
    for (let i = 1; i <= Number(count); i++) client.publish(topic, `number ${i}`, { qos: Number(qos) });
    setTimeout(finish, 4000);
  });
});
