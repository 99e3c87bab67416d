#include "tests/support/message_talk.h"

#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/mqtt/mqtt.h"
#include "rules/protocols/websocket/codec/websocket.h"
#include "tests/support/kafka_batches.h"
#include "tests/support/kafka_words.h"
#include "tests/support/message_lab.h"
#include "tests/support/postgres_words.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

using rules::Direction;
using rules::Opcode;

class XmppGenerator final : public MessageGenerator {
 public:
  void open(ConversationWriter& writer) override {
    const auto header = xmpp_opening_of_client();
    const auto answer = xmpp_opening_of_server();
    writer.client(header);
    writer.server(answer);
    writer.client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGE=</auth>");
    writer.pause(100ms);
    writer.server("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    writer.client(header);
    writer.server(answer);
    writer.client("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    writer.server(
        "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        "<jid>ann@x.org/phone</jid></bind></iq>");
  }

  void turn(ConversationWriter& writer) override {
    const auto direction = writer.any_direction();
    const auto back =
        direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
    const auto number = std::to_string(writer.next_number());
    switch (writer.below(7)) {
      case 0:
        writer.send(direction,
                    "<iq type='get' id='p" + number + "'><ping xmlns='urn:xmpp:ping'/></iq>");
        writer.pause(50ms);
        return writer.send(back, "<iq type='result' id='p" + number + "'/>");
      case 1:
        writer.send(direction, "<r xmlns='urn:xmpp:sm:3'/>");
        writer.pause(50ms);
        return writer.send(back, "<a xmlns='urn:xmpp:sm:3' h='" + number + "'/>");
      case 2:
        return writer.send(direction, writer.chance(50) ? "<presence from='b" + number + "@x.org'/>"
                                                        : "<presence type='unavailable'/>");
      case 3:
        writer.client("<resume xmlns='urn:xmpp:sm:3' h='1' previd='s" + number + "'/>");
        writer.pause(50ms);
        return writer.server("<resumed xmlns='urn:xmpp:sm:3' h='1' previd='s" + number + "'/>");
      case 4:
        for (auto blanks = 1 + writer.below(3); blanks > 0; --blanks) writer.send(direction, " ");
        return;
      default:
        return writer.send(direction, message(writer, direction));
    }
  }

  std::string message(ConversationWriter& writer, Direction) override {
    return "<message to='bob@x.org' type='chat'><body>&lt;" + writer.words() + "</body></message>";
  }
};

class WebSocketGenerator final : public MessageGenerator {
 public:
  void turn(ConversationWriter& writer) override {
    const auto direction = writer.any_direction();
    const auto back =
        direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
    switch (writer.below(5)) {
      case 0: {
        const auto words = writer.words().substr(0, 100);
        writer.send(direction, frame(writer, direction, Opcode::kPing, words));
        writer.pause(50ms);
        return writer.send(back, frame(writer, back, Opcode::kPong, words));
      }
      case 1:
        return send_fragments(writer, direction);
      case 2:
        return writer.send(direction, frame(writer, direction, Opcode::kBinary, writer.words()));
      default:
        return writer.send(direction, message(writer, direction));
    }
  }

  std::string message(ConversationWriter& writer, Direction direction) override {
    return frame(writer, direction, Opcode::kText, writer.words());
  }

 private:
  static std::string frame(ConversationWriter& writer, Direction direction, Opcode opcode,
                           const std::string& payload) {
    const auto key = static_cast<std::uint32_t>(writer.below(1ULL << 32));
    return std::string(codecs::text_of(codecs::write_frame(
        opcode, false, codecs::bytes_of(payload), direction == Direction::kUpstream, key)));
  }
  // A message in two fragments, sometimes with a ping between them.
  static void send_fragments(ConversationWriter& writer, Direction direction) {
    auto first = frame(writer, direction, Opcode::kText, writer.words());
    auto last = frame(writer, direction, Opcode::kText, writer.words());
    first[0] = static_cast<char>(first[0] & 0x7f);  // FIN = 0: more fragments follow
    last[0] = static_cast<char>(last[0] & 0xf0);    // FIN = 1, opcode 0 (continuation)
    writer.send(direction, first);
    if (writer.chance(50)) {
      writer.send(direction, frame(writer, direction, Opcode::kPing, "between"));
    }
    writer.send(direction, last);
  }
};

class NatsGenerator final : public MessageGenerator {
 public:
  void open(ConversationWriter& writer) override {
    writer.server(R"(INFO {"server_id":"N","version":"2.9.10","headers":true})"
                  "\r\n");
    writer.client(R"(CONNECT {"verbose":false,"name":"tester","headers":true})"
                  "\r\nPING\r\n");
    writer.server("PONG\r\n");
  }

  void turn(ConversationWriter& writer) override {
    const auto number = std::to_string(writer.next_number());
    switch (writer.below(8)) {
      case 0:
        writer.client("PING\r\n");
        writer.pause(50ms);
        return writer.server("PONG\r\n");
      case 1:
        writer.server("PING\r\n");
        writer.pause(50ms);
        return writer.client("PONG\r\n");
      case 2:
        writer.client("SUB chat." + number + (writer.chance(50) ? " workers " : " ") + number +
                      "\r\n");
        return writer.server("+OK\r\n");
      case 3: {
        writer.client(sized("PUB orders.new _INBOX." + number, writer.words()));
        writer.pause(50ms);
        return writer.server(
            sized("MSG _INBOX." + number + " 1", R"({"stream":"ORDERS","seq":)" + number + "}"));
      }
      case 4:
        return writer.client(with_headers("HPUB chat", writer.words()));
      case 5:
        return writer.server(with_headers("HMSG chat 1", writer.words()));
      default: {
        const auto direction = writer.any_direction();
        return writer.send(direction, message(writer, direction));
      }
    }
  }

  std::string message(ConversationWriter& writer, Direction direction) override {
    return sized(direction == Direction::kUpstream ? "PUB chat" : "MSG chat 1", writer.words());
  }

 private:
  static std::string sized(const std::string& line, const std::string& payload) {
    return line + " " + std::to_string(payload.size()) + "\r\n" + payload + "\r\n";
  }
  static std::string with_headers(const std::string& line, const std::string& payload) {
    const std::string headers = "NATS/1.0\r\nTenant: blue\r\n\r\n";
    return line + " " + std::to_string(headers.size()) + " " +
           std::to_string(headers.size() + payload.size()) + "\r\n" + headers + payload + "\r\n";
  }
};

// Uses RESP3. The server answers a command, or a group of commands, before the next one arrives.
class RedisGenerator final : public MessageGenerator {
 public:
  void open(ConversationWriter& writer) override {
    writer.client(redis_array_of("HELLO 3"));
    writer.server("%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n");
    writer.client(redis_array_of("SUBSCRIBE chat"));
    writer.server(">3\r\n$9\r\nsubscribe\r\n$4\r\nchat\r\n:1\r\n");
  }

  void turn(ConversationWriter& writer) override {
    const auto number = std::to_string(writer.next_number());
    switch (writer.below(8)) {
      case 0:
        return ask(writer, "PING\r\n", "+PONG\r\n");
      case 1:
        return ask(writer, redis_array_of("INCR n" + number), ":" + number + "\r\n");
      case 2:
        return writer.server(">3\r\n$7\r\nmessage\r\n$4\r\nchat\r\n" + redis_bulk(writer.words()));
      case 3:
        writer.client(message(writer, Direction::kUpstream));
        writer.client(redis_array_of("GET p" + number));
        writer.pause(50ms);
        writer.server("+OK\r\n");
        return writer.server(redis_bulk(writer.words()));
      case 4:
        return ask(writer, redis_array_of("HGETALL h" + number),
                   "|1\r\n+ttl\r\n:1\r\n%1\r\n" + redis_bulk(number) + "*2\r\n,1.5\r\n_\r\n");
      case 5:
        return ask(writer, redis_array_of("GET n" + number), redis_bulk(writer.words()));
      case 6:
        return ask(writer, redis_array_of("GET m" + number),
                   "-MOVED 1 127.0.0.1:" + number + "\r\n");
      default:
        return ask(writer, message(writer, Direction::kUpstream), "+OK\r\n");
    }
  }

  std::string message(ConversationWriter& writer, Direction direction) override {
    if (direction == Direction::kDownstream) return redis_bulk(writer.words());
    return redis_array({"SET", "k" + std::to_string(writer.next_number()), writer.words()});
  }

 private:
  static void ask(ConversationWriter& writer, const std::string& command,
                  const std::string& reply) {
    writer.client(command);
    writer.pause(50ms);
    writer.server(reply);
  }
};

// A client that produces, fetches and is in a group. The server answers every request, in order.
class KafkaGenerator final : public MessageGenerator {
 public:
  void open(ConversationWriter& writer) override {
    writer.client(kafka_ask_versions(next_));
    writer.server(kafka_versions(next_++, 12));
  }

  void turn(ConversationWriter& writer) override {
    for (auto requests = 1 + writer.below(3); requests > 0; --requests) {
      const auto number = next_++;
      switch (writer.below(6)) {
        case 0:
          ask(writer, kafka_heartbeat(number, "billing"), kafka_heartbeat_reply(number));
          break;
        case 1:
          ask(writer, kafka_fetch(number), kafka_fetched(number, number, batch(writer, -1)));
          break;
        case 2:
          ask(writer, kafka_metadata(number), kafka_orders(number, 2));
          break;
        case 3:
          ask(writer, kafka_ask_versions(number), kafka_versions(number, 12));
          break;
        default:
          ask(writer, kafka_produce(number, "orders", produced(writer)),
              kafka_produced(number, "orders", number));
      }
    }
    writer.pause(50ms);
    for (const auto& answer : std::exchange(answers_, {})) writer.server(answer);
  }

  std::string message(ConversationWriter& writer, Direction direction) override {
    if (direction == Direction::kDownstream) return kafka_produced(next_ - 1, "orders", next_);
    return kafka_produce(next_++, "orders", produced(writer));
  }

 private:
  // One to three records. The batch of an idempotent producer begins at `sequence`.
  std::string batch(ConversationWriter& writer, std::int32_t sequence) {
    const auto words = writer.words();
    std::vector<rules::KafkaRecord> records;
    for (count_ = 1 + writer.below(3); records.size() < count_;) {
      records.push_back({.key = records.empty() ? "first" : "next", .value = words});
    }
    return kafka_batch(std::move(records),
                       {.compression = writer.chance(50) ? rules::KafkaCompression::kGzip
                                                         : rules::KafkaCompression::kNone,
                        .producer_id = sequence < 0 ? -1 : 7,
                        .base_sequence = sequence});
  }
  // A batch of an idempotent producer, or of another one.
  std::string produced(ConversationWriter& writer) {
    if (writer.chance(50)) return batch(writer, -1);
    auto text = batch(writer, sequence_);
    sequence_ += static_cast<std::int32_t>(count_);
    return text;
  }

  void ask(ConversationWriter& writer, const std::string& request, const std::string& answer) {
    writer.client(request);
    answers_.push_back(answer);
  }

  int next_ = 1;
  std::size_t count_ = 0;      // records in the last batch
  std::int32_t sequence_ = 0;  // of the next batch of the idempotent producer
  std::vector<std::string> answers_;
};

// The server answers a query, or the steps of a prepared statement, before the next one arrives.
class PostgresGenerator final : public MessageGenerator {
 public:
  void open(ConversationWriter& writer) override {
    writer.client(postgres_tls());
    writer.server("N");
    writer.client(postgres_startup());
    writer.server(postgres_welcome());
  }

  void turn(ConversationWriter& writer) override {
    const auto words = writer.words();
    switch (writer.below(6)) {
      case 0:
        return writer.server(postgres_report('N', "NOTICE", "00000", words));
      case 1:
        return ask(writer, {postgres_query("fail " + words)},
                   {postgres_report('E', "ERROR", "40001", words), postgres_ready()});
      case 2:
        return ask(writer, {postgres_query("copy " + words)},
                   {postgres_message('G', pg("\0\0\0")), postgres_row(words), postgres_ready()});
      case 3:
        writer.client(postgres_message('d', words));
        return writer.server(postgres_message('d', words));
      case 4:
        return ask(writer, {message(writer, Direction::kUpstream)},
                   {postgres_row(words), postgres_done("SELECT 1"), postgres_ready()});
      default:
        return ask(writer,
                   {postgres_parse("", "select " + words), postgres_bind(words, ""),
                    postgres_execute(words), postgres_sync()},
                   {postgres_message('1'), postgres_message('2'), postgres_row(words),
                    postgres_done("SELECT 1"), postgres_ready()});
    }
  }

  std::string message(ConversationWriter& writer, Direction direction) override {
    if (direction == Direction::kDownstream) {
      return postgres_report('N', "NOTICE", "00000", writer.words());
    }
    return postgres_query("select " + writer.words());
  }

 private:
  static void ask(ConversationWriter& writer, const std::vector<std::string>& request,
                  const std::vector<std::string>& answer) {
    for (const auto& part : request) writer.client(part);
    writer.pause(50ms);
    for (const auto& part : answer) writer.server(part);
  }
};

class FramedGenerator final : public MessageGenerator {
 public:
  explicit FramedGenerator(bool delimited) : delimited_(delimited) {}

  void turn(ConversationWriter& writer) override {
    const auto direction = writer.any_direction();
    const auto back =
        direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
    const auto number = std::to_string(writer.next_number());
    if (writer.chance(25)) return writer.send(direction, framed("PING " + number));
    writer.send(direction, message(writer, direction));
    writer.pause(50ms);
    if (writer.chance(60)) writer.send(back, framed("OK " + number));
  }

  std::string message(ConversationWriter& writer, Direction) override {
    return framed("PUT " + writer.words());
  }

 private:
  std::string framed(const std::string& text) const {
    if (delimited_) return text + "\r\n";
    return {std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 255)} +
            text};
  }

  bool delimited_;
};

// Uses several kinds of line ends and fields. A comment stands alone.
class SseGenerator final : public MessageGenerator {
 public:
  void turn(ConversationWriter& writer) override {
    const auto direction = writer.any_direction();
    const auto number = std::to_string(writer.next_number());
    switch (writer.below(6)) {
      case 0:
        return writer.send(direction, ": ping " + number + "\n");
      case 1:
        return writer.send(direction, "event: done\r\ndata: " + writer.words() + "\r\n\r\n");
      case 2:
        return writer.send(direction, "retry: 1000\n\n");
      case 3:
        return writer.send(direction, "id: " + number + "\ndata: " + writer.words() + "\ndata\n\n");
      default:
        return writer.send(direction, message(writer, direction));
    }
  }

  std::string message(ConversationWriter& writer, Direction) override {
    return "data: " + writer.words() + "\n\n";
  }
};

class GrpcGenerator final : public MessageGenerator {
 public:
  void turn(ConversationWriter& writer) override {
    const auto direction = writer.any_direction();
    if (writer.chance(20)) return writer.send(direction, prefixed("done"));
    writer.send(direction, message(writer, direction));
  }

  std::string message(ConversationWriter& writer, Direction) override {
    return prefixed(writer.words());
  }

 private:
  static std::string prefixed(const std::string& payload) {
    std::string whole(3, '\0');
    whole += static_cast<char>(payload.size() >> 8);
    whole += static_cast<char>(payload.size() & 255);
    return whole + payload;
  }
};

class NdjsonGenerator final : public MessageGenerator {
 public:
  void turn(ConversationWriter& writer) override {
    const auto direction = writer.any_direction();
    switch (writer.below(6)) {
      case 0:
        return writer.send(direction, "\n");
      case 1:
        return writer.send(
            direction, "{\"done\": true, \"n\": " + std::to_string(writer.next_number()) + "}\r\n");
      default:
        return writer.send(direction, message(writer, direction));
    }
  }

  std::string message(ConversationWriter& writer, Direction) override {
    return "{\"text\": \"" + writer.words() + "\"}\n";
  }
};

std::unique_ptr<MessageGenerator> generator_of(const ProtocolSetup& setup) {
  if (setup.listener == "mqtt") return mqtt_generator(setup.level);
  if (setup.listener == "xmpp") return std::make_unique<XmppGenerator>();
  if (setup.listener == "nats") return std::make_unique<NatsGenerator>();
  if (setup.listener == "redis") return std::make_unique<RedisGenerator>();
  if (setup.listener == "kafka") return std::make_unique<KafkaGenerator>();
  if (setup.listener == "postgres") return std::make_unique<PostgresGenerator>();
  if (setup.listener == "websocket") return std::make_unique<WebSocketGenerator>();
  if (setup.listener == "ndjson") return std::make_unique<NdjsonGenerator>();
  if (setup.listener == "grpc") return std::make_unique<GrpcGenerator>();
  if (setup.listener == "sse") return std::make_unique<SseGenerator>();
  return std::make_unique<FramedGenerator>(setup.keys.find("delimiter") != std::string::npos);
}

}  // namespace

std::string ConversationWriter::words() {
  auto text = std::to_string(next_number()) + " ";
  const auto size = chance(10) ? 3000 : below(60);
  while (text.size() < size) {
    text += chance(10) ? "\xc3\xa4" : std::string(1, static_cast<char>('a' + below(26)));
  }
  return text;
}

std::unique_ptr<messages::MessageCodec> ProtocolSetup::codec() const {
  if (listener == "websocket") {
    return messages::codec_of_websocket("", "", flow_of(1).key());
  }
  if (!config) config = std::make_shared<rules::Config>(config_of("", listener, keys));
  return codec_for(config->listeners.front());
}

const std::vector<ProtocolSetup>& all_protocol_setups() {
  const std::string kinds = R"=(kind = "^([A-Z]+)", acks = ["OK"] })=";
  static const std::vector<ProtocolSetup> setups{
      {"Mqtt311", "mqtt", "", rules::kMqtt311},
      {"Mqtt5", "mqtt", "", rules::kMqtt5},
      {"Xmpp", "xmpp"},
      {"WebSocket", "websocket"},
      {"Nats", "nats"},
      {"Redis", "redis"},
      {"Kafka", "kafka"},
      {"Postgres", "postgres"},
      {"Sse", "sse"},
      {"Ndjson", "ndjson"},
      {"Grpc", "grpc"},
      {"FramedByDelimiter", "framed", R"(framing = { delimiter = "\r\n", )" + kinds},
      {"FramedByLength", "framed", "framing = { width = 2, " + kinds}};
  return setups;
}

MessageScript make_script(const ProtocolSetup& setup, std::uint64_t seed) {
  ConversationWriter writer(seed);
  const auto generator = generator_of(setup);
  MessageScript conversation;
  generator->open(writer);
  conversation.opening = writer.take();
  writer.pause(100ms);
  for (auto turns = 10 + writer.below(40); turns > 0; --turns) {
    generator->turn(writer);
    if (writer.chance(60)) writer.pause(400ms);
  }
  conversation.rest = writer.take();
  writer.pause(100ms);
  for (int i = 0; i < 3; ++i) {
    for (const auto direction : {Direction::kUpstream, Direction::kDownstream}) {
      writer.send(direction, generator->message(writer, direction));
    }
  }
  conversation.farewell = writer.take();
  return conversation;
}

}  // namespace brownout::test
