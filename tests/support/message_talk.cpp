#include "tests/support/message_talk.h"

#include "rules/protocols/codec/codec_of.h"
#include "rules/protocols/mqtt/mqtt.h"
#include "rules/protocols/websocket/codec/websocket.h"
#include "tests/support/message_lab.h"
#include "tests/support/redis_words.h"

namespace brownout::test {
namespace {

using rules::Direction;
using rules::Opcode;

class XmppPartners final : public Partners {
 public:
  void open(Talker& talker) override {
    const auto header = xmpp_opening_of_client();
    const auto answer = xmpp_opening_of_server();
    talker.client(header);
    talker.server(answer);
    talker.client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGE=</auth>");
    talker.pause(100ms);
    talker.server("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    talker.client(header);
    talker.server(answer);
    talker.client("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    talker.server(
        "<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
        "<jid>ann@x.org/phone</jid></bind></iq>");
  }

  void turn(Talker& talker) override {
    const auto direction = talker.any_direction();
    const auto back =
        direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
    const auto number = std::to_string(talker.next_number());
    switch (talker.below(7)) {
      case 0:
        talker.say(direction,
                   "<iq type='get' id='p" + number + "'><ping xmlns='urn:xmpp:ping'/></iq>");
        talker.pause(50ms);
        return talker.say(back, "<iq type='result' id='p" + number + "'/>");
      case 1:
        talker.say(direction, "<r xmlns='urn:xmpp:sm:3'/>");
        talker.pause(50ms);
        return talker.say(back, "<a xmlns='urn:xmpp:sm:3' h='" + number + "'/>");
      case 2:
        return talker.say(direction, talker.chance(50) ? "<presence from='b" + number + "@x.org'/>"
                                                       : "<presence type='unavailable'/>");
      case 3:
        talker.client("<resume xmlns='urn:xmpp:sm:3' h='1' previd='s" + number + "'/>");
        talker.pause(50ms);
        return talker.server("<resumed xmlns='urn:xmpp:sm:3' h='1' previd='s" + number + "'/>");
      case 4:
        for (auto blanks = 1 + talker.below(3); blanks > 0; --blanks) talker.say(direction, " ");
        return;
      default:
        return talker.say(direction, message(talker, direction));
    }
  }

  std::string message(Talker& talker, Direction) override {
    return "<message to='bob@x.org' type='chat'><body>&lt;" + talker.words() + "</body></message>";
  }
};

class WebSocketPartners final : public Partners {
 public:
  void turn(Talker& talker) override {
    const auto direction = talker.any_direction();
    const auto back =
        direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
    switch (talker.below(5)) {
      case 0: {
        const auto words = talker.words().substr(0, 100);
        talker.say(direction, frame(talker, direction, Opcode::kPing, words));
        talker.pause(50ms);
        return talker.say(back, frame(talker, back, Opcode::kPong, words));
      }
      case 1:
        return say_fragments(talker, direction);
      case 2:
        return talker.say(direction, frame(talker, direction, Opcode::kBinary, talker.words()));
      default:
        return talker.say(direction, message(talker, direction));
    }
  }

  std::string message(Talker& talker, Direction direction) override {
    return frame(talker, direction, Opcode::kText, talker.words());
  }

 private:
  static std::string frame(Talker& talker, Direction direction, Opcode opcode,
                           const std::string& payload) {
    const auto key = static_cast<std::uint32_t>(talker.below(1ULL << 32));
    return std::string(codecs::text_of(codecs::write_frame(
        opcode, false, codecs::bytes_of(payload), direction == Direction::kUpstream, key)));
  }
  // A message in two fragments, sometimes with a ping between them.
  static void say_fragments(Talker& talker, Direction direction) {
    auto first = frame(talker, direction, Opcode::kText, talker.words());
    auto last = frame(talker, direction, Opcode::kText, talker.words());
    first[0] = static_cast<char>(first[0] & 0x7f);  // FIN = 0
    last[0] = static_cast<char>(last[0] & 0xf0);    // opcode 0: continuation
    talker.say(direction, first);
    if (talker.chance(50)) {
      talker.say(direction, frame(talker, direction, Opcode::kPing, "between"));
    }
    talker.say(direction, last);
  }
};

class NatsPartners final : public Partners {
 public:
  void open(Talker& talker) override {
    talker.server(R"(INFO {"server_id":"N","version":"2.9.10","headers":true})"
                  "\r\n");
    talker.client(R"(CONNECT {"verbose":false,"name":"tester","headers":true})"
                  "\r\nPING\r\n");
    talker.server("PONG\r\n");
  }

  void turn(Talker& talker) override {
    const auto number = std::to_string(talker.next_number());
    switch (talker.below(8)) {
      case 0:
        talker.client("PING\r\n");
        talker.pause(50ms);
        return talker.server("PONG\r\n");
      case 1:
        talker.server("PING\r\n");
        talker.pause(50ms);
        return talker.client("PONG\r\n");
      case 2:
        talker.client("SUB chat." + number + (talker.chance(50) ? " workers " : " ") + number +
                      "\r\n");
        return talker.server("+OK\r\n");
      case 3: {
        talker.client(sized("PUB orders.new _INBOX." + number, talker.words()));
        talker.pause(50ms);
        return talker.server(
            sized("MSG _INBOX." + number + " 1", R"({"stream":"ORDERS","seq":)" + number + "}"));
      }
      case 4:
        return talker.client(with_headers("HPUB chat", talker.words()));
      case 5:
        return talker.server(with_headers("HMSG chat 1", talker.words()));
      default: {
        const auto direction = talker.any_direction();
        return talker.say(direction, message(talker, direction));
      }
    }
  }

  std::string message(Talker& talker, Direction direction) override {
    return sized(direction == Direction::kUpstream ? "PUB chat" : "MSG chat 1", talker.words());
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

// Uses RESP3. The server answers each command, or a group of commands, before the next arrives.
class RedisPartners final : public Partners {
 public:
  void open(Talker& talker) override {
    talker.client(redis_array_of("HELLO 3"));
    talker.server("%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n");
    talker.client(redis_array_of("SUBSCRIBE chat"));
    talker.server(">3\r\n$9\r\nsubscribe\r\n$4\r\nchat\r\n:1\r\n");
  }

  void turn(Talker& talker) override {
    const auto number = std::to_string(talker.next_number());
    switch (talker.below(8)) {
      case 0:
        return ask(talker, "PING\r\n", "+PONG\r\n");
      case 1:
        return ask(talker, redis_array_of("INCR n" + number), ":" + number + "\r\n");
      case 2:
        return talker.server(">3\r\n$7\r\nmessage\r\n$4\r\nchat\r\n" + redis_bulk(talker.words()));
      case 3:
        talker.client(message(talker, Direction::kUpstream));
        talker.client(redis_array_of("GET p" + number));
        talker.pause(50ms);
        talker.server("+OK\r\n");
        return talker.server(redis_bulk(talker.words()));
      case 4:
        return ask(talker, redis_array_of("HGETALL h" + number),
                   "|1\r\n+ttl\r\n:1\r\n%1\r\n" + redis_bulk(number) + "*2\r\n,1.5\r\n_\r\n");
      case 5:
        return ask(talker, redis_array_of("GET n" + number), redis_bulk(talker.words()));
      case 6:
        return ask(talker, redis_array_of("GET m" + number),
                   "-MOVED 1 127.0.0.1:" + number + "\r\n");
      default:
        return ask(talker, message(talker, Direction::kUpstream), "+OK\r\n");
    }
  }

  std::string message(Talker& talker, Direction direction) override {
    if (direction == Direction::kDownstream) return redis_bulk(talker.words());
    return redis_array({"SET", "k" + std::to_string(talker.next_number()), talker.words()});
  }

 private:
  static void ask(Talker& talker, const std::string& command, const std::string& reply) {
    talker.client(command);
    talker.pause(50ms);
    talker.server(reply);
  }
};

class FramedPartners final : public Partners {
 public:
  explicit FramedPartners(bool delimited) : delimited_(delimited) {}

  void turn(Talker& talker) override {
    const auto direction = talker.any_direction();
    const auto back =
        direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
    const auto number = std::to_string(talker.next_number());
    if (talker.chance(25)) return talker.say(direction, framed("PING " + number));
    talker.say(direction, message(talker, direction));
    talker.pause(50ms);
    if (talker.chance(60)) talker.say(back, framed("OK " + number));
  }

  std::string message(Talker& talker, Direction) override {
    return framed("PUT " + talker.words());
  }

 private:
  std::string framed(const std::string& text) const {
    if (delimited_) return text + "\r\n";
    return {std::string{static_cast<char>(text.size() >> 8), static_cast<char>(text.size() & 255)} +
            text};
  }

  bool delimited_;
};

std::unique_ptr<Partners> partners_of(const Speech& speech) {
  if (speech.listener == "mqtt") return mqtt_partners(speech.level);
  if (speech.listener == "xmpp") return std::make_unique<XmppPartners>();
  if (speech.listener == "nats") return std::make_unique<NatsPartners>();
  if (speech.listener == "redis") return std::make_unique<RedisPartners>();
  if (speech.listener == "websocket") return std::make_unique<WebSocketPartners>();
  return std::make_unique<FramedPartners>(speech.keys.find("delimiter") != std::string::npos);
}

}  // namespace

std::string Talker::words() {
  auto text = std::to_string(next_number()) + " ";
  const auto size = chance(10) ? 3000 : below(60);
  while (text.size() < size) {
    text += chance(10) ? "\xc3\xa4" : std::string(1, static_cast<char>('a' + below(26)));
  }
  return text;
}

std::unique_ptr<messages::MessageCodec> Speech::codec() const {
  if (listener == "websocket") {
    return messages::codec_of_websocket("", "", flow_of(1).key());
  }
  if (!config) config = std::make_shared<rules::Config>(config_of("", listener, keys));
  return messages::codec_of(config->listeners.front());
}

const std::vector<Speech>& all_speeches() {
  const std::string kinds = R"=(kind = "^([A-Z]+)", acks = ["OK"] })=";
  static const std::vector<Speech> speeches{
      {"Mqtt311", "mqtt", "", rules::kMqtt311},
      {"Mqtt5", "mqtt", "", rules::kMqtt5},
      {"Xmpp", "xmpp"},
      {"WebSocket", "websocket"},
      {"Nats", "nats"},
      {"Redis", "redis"},
      {"FramedByDelimiter", "framed", R"(framing = { delimiter = "\r\n", )" + kinds},
      {"FramedByLength", "framed", "framing = { width = 2, " + kinds}};
  return speeches;
}

Dialogue make_talk(const Speech& speech, std::uint64_t seed) {
  Talker talker(seed);
  const auto partners = partners_of(speech);
  Dialogue talk;
  partners->open(talker);
  talk.opening = talker.take();
  talker.pause(100ms);
  for (auto turns = 10 + talker.below(40); turns > 0; --turns) {
    partners->turn(talker);
    if (talker.chance(60)) talker.pause(400ms);
  }
  talk.rest = talker.take();
  talker.pause(100ms);
  for (int i = 0; i < 3; ++i) {
    for (const auto direction : {Direction::kUpstream, Direction::kDownstream}) {
      talker.say(direction, partners->message(talker, direction));
    }
  }
  talk.farewell = talker.take();
  return talk;
}

}  // namespace brownout::test
