#include "tests/support/message_properties.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "rules/engine/rule_set.h"
#include "rules/protocols/codec/message_tunnel.h"
#include "rules/protocols/kafka/kafka_message.h"
#include "rules/protocols/mqtt/codec/mqtt.h"
#include "rules/protocols/mqtt/mqtt_message.h"
#include "rules/protocols/nats/nats_message.h"
#include "rules/protocols/postgres/postgres_message.h"
#include "rules/protocols/redis/redis_message.h"
#include "rules/protocols/websocket/websocket.h"
#include "rules/protocols/xmpp/xmpp_message.h"

namespace brownout::test {
namespace {

using rules::Direction;

constexpr std::array kBothDirections{Direction::kUpstream, Direction::kDownstream};

template <class T>
struct EachWay {
  std::array<T, 2> of;
  T& operator[](Direction direction) { return of[static_cast<std::size_t>(direction)]; }
  const T& operator[](Direction direction) const { return of[static_cast<std::size_t>(direction)]; }
  friend bool operator==(const EachWay&, const EachWay&) = default;
};

// The bytes of a conversation, in the order in which they were sent.
using Wire = std::vector<std::pair<Direction, std::string>>;

struct Played {
  Wire wire;
  EachWay<std::string> bytes;
  EachWay<std::string> notes;
  EachWay<std::string> timed_notes;
  EachWay<int> ends{};
  std::string ending;      // how the rules closed the connection
  std::string reports;     // reports of protocol violations
  std::string log;         // all events, with their instants
  std::size_t held = 0;    // bytes held after the rules were removed
  std::int64_t more = 0;   // output messages minus input messages, according to the notes (stage.h)
  std::int64_t drops = 0;  // messages that rules dropped
  std::int64_t copies = 0;
  std::int64_t answers = 0;  // messages that rules created
  std::uint64_t acted = 0;
};

// How the time advances and input is pushed in a run.
struct Drive {
  bool coarsely = false;     // advances once, to each input
  bool restlessly = false;   // also advances when no deadline is due
  bool in_one_piece = true;  // pushes whole messages, or else cuts them at random places
};

// Cuts the bytes of each instant at random places. The beginning of a message may arrive before its
// instant.
std::vector<SentMessage> cut(const std::vector<SentMessage>& sent, std::mt19937_64& random) {
  std::vector<SentMessage> pieces;
  for (std::size_t i = 0; i < sent.size();) {
    auto burst = sent[i];
    const auto first = burst.bytes.size();
    for (++i; i < sent.size() && sent[i].at == burst.at && sent[i].direction == burst.direction;) {
      burst.bytes += sent[i++].bytes;
    }
    const auto before = pieces.empty() ? burst.at : pieces.back().at;
    std::string_view rest = burst.bytes;
    if (const auto early = random() % first; random() % 2 == 0 && early > 0) {
      pieces.push_back({random() % 2 == 0 ? before : before + (burst.at - before) / 2,
                        burst.direction, std::string(rest.substr(0, early))});
      rest.remove_prefix(early);
    }
    const auto most = std::array<std::size_t, 3>{1, 20, 2000}[random() % 3];
    while (!rest.empty()) {
      const auto size = std::min<std::size_t>(rest.size(), 1 + random() % most);
      pieces.push_back({burst.at, burst.direction, std::string(rest.substr(0, size))});
      rest.remove_prefix(size);
    }
  }
  return pieces;
}

class Play final : messages::MessageTunnel::Owner {
 public:
  Play(const ProtocolSetup& setup, const std::vector<rules::Rule>& rules, std::uint64_t seed,
       Drive drive)
      : seed_(seed),
        drive_(drive),
        random_(seed + 1),
        set_(rules::RuleSet::activate(rules, seed, rules::Instant{})),
        tunnel_(static_cast<messages::MessageTunnel::Owner&>(*this), setup.codec(), flow_of(1)) {}

  Played run(const MessageScript& conversation, bool from_the_start) {
    if (from_the_start) tunnel_.set_rules(*set_, now_);
    send(conversation.opening);
    if (!from_the_start) tunnel_.set_rules(*set_, now_);
    send(conversation.rest);
    for (const auto& rule : set_->rules()) outcome_.acted += rule->state->injected.load();
    if (over()) return std::move(outcome_);
    const auto none = rules::RuleSet::activate({}, seed_, now_, set_.get());
    tunnel_.set_rules(*none, now_);
    for (const auto direction : kBothDirections) outcome_.held += tunnel_.held(direction);
    send(conversation.farewell);
    for (const auto direction : kBothDirections) tunnel_.finish(direction, now_);
    return std::move(outcome_);
  }

 private:
  bool over() const { return !outcome_.ending.empty(); }

  void send(const std::vector<SentMessage>& sent) {
    for (const auto& piece : drive_.in_one_piece ? sent : cut(sent, random_)) {
      advance(rules::Instant(piece.at));
      if (over()) return;
      tunnel_.push(piece.direction, codecs::bytes_of(piece.bytes), now_);
      if (over()) return;
    }
  }
  void advance(rules::Instant until) {
    if (drive_.restlessly && until > now_ && random_() % 2 == 0) {
      const auto between = static_cast<std::uint64_t>((until - now_).count());
      step_to(now_ + Duration(static_cast<std::int64_t>(random_() % between)));
    }
    step_to(until);
  }
  void step_to(rules::Instant until) {
    while (!drive_.coarsely && !over() && tunnel_.deadline() <= until) {
      now_ = tunnel_.deadline();
      tunnel_.advance(now_);
    }
    if (over()) return;
    now_ = until;
    tunnel_.advance(now_);
  }

  std::string instant() const { return rules::to_text(now_.time_since_epoch()) + " "; }

  void tunnel_bytes(Direction direction, codecs::ByteView bytes) override {
    const std::string text(codecs::text_of(bytes));
    outcome_.wire.emplace_back(direction, text);
    outcome_.bytes[direction] += text;
    outcome_.log += instant() + text + "\n";
  }
  void tunnel_finished(Direction direction) override { ++outcome_.ends[direction]; }
  void tunnel_closed(rules::Close how) override {
    outcome_.ending = how == rules::Close::kFin ? "FIN" : "RST";
  }
  void tunnel_injected(const rules::Rule& rule, Direction direction,
                       const rules::Note& note) override {
    const auto text = rule.name + " " + std::string(note.action) + " " +
                      rules::to_text(note.delay) + " " + std::to_string(note.bytes) + " #" +
                      std::to_string(note.ordinal) + "\n";
    outcome_.notes[direction] += text;
    outcome_.timed_notes[direction] += instant() + text;
    outcome_.log += instant() + text;
    const bool copied = note.action == "duplicate";
    const bool told = note.action == "announce servers" || note.action == "announce shutdown";
    const auto made = note.action == "insert presences" ? note.bytes : std::int64_t{told};
    const bool answered = note.action == "reject" || note.action == "answer";
    outcome_.copies += copied ? 1 : 0;
    made_ += made;
    outcome_.answers += made + (answered ? 1 : 0);
    outcome_.drops += note.action == "drop" ? 1 : 0;
    outcome_.more = made_ + outcome_.copies - outcome_.drops;
  }
  void tunnel_report(std::string_view event, std::string_view why) override {
    outcome_.reports += std::string(event) + ": " + std::string(why) + "\n";
  }

  std::uint64_t seed_;
  Drive drive_;
  std::mt19937_64 random_;
  std::shared_ptr<const rules::RuleSet> set_;
  rules::Instant now_{};
  Played outcome_;
  std::int64_t made_ = 0;
  messages::MessageTunnel tunnel_;
};

// The messages that a codec finds in a conversation.
struct Parsed {
  EachWay<std::vector<std::string>> messages;
  EachWay<std::vector<std::string>> kinds;
  std::string wrong;  // a description of the protocol violation, or ""

  std::size_t count() const { return kinds.of[0].size() + kinds.of[1].size(); }
};

std::string kind_of(const rules::Message& message) {
  if (const auto* packet = rules::view_as<rules::MqttMessage>(&message)) {
    return std::string(rules::name_of(packet->packet.type));
  }
  if (const auto* element = rules::view_as<rules::XmppMessage>(&message)) {
    const auto is = element->stanza.element;
    // Both elements answer <resume/>, and a rule may replace one by the other.
    const bool resumes = is == rules::XmppElement::kResumed || is == rules::XmppElement::kFailed;
    return resumes ? "resumption" : std::string(rules::name_of(is));
  }
  if (const auto* frame = rules::view_as<rules::WebSocketMessage>(&message)) {
    return std::string(rules::name_of(frame->opcode));
  }
  if (const auto* nats = rules::view_as<rules::NatsMessage>(&message)) {
    return std::string(rules::name_of(nats->line.verb));
  }
  if (const auto* redis = rules::view_as<rules::RedisMessage>(&message)) {
    return redis->reply ? std::string(rules::name_of(redis->reply->type)) : redis->command->name;
  }
  if (const auto* postgres = rules::view_as<rules::PostgresMessage>(&message)) {
    return std::string(rules::name_of(postgres->type));
  }
  if (const auto* kafka = rules::view_as<rules::KafkaMessage>(&message)) {
    // The APIs that a response answers are lost with its request.
    return kafka->response ? "response" : kafka->api_name();
  }
  return "message";
}

// The message as text. Leaves out encodings that a proxy may change, such as an MQTT topic alias.
std::string text_of(const messages::ReadMessage& read) {
  const std::string payload(codecs::text_of(read.payload));
  if (const auto* nats = rules::view_as<rules::NatsMessage>(read.message.get())) {
    const auto& line = nats->line;
    return kind_of(*read.message) + " " + line.subject + " " + line.sid + " " + line.text +
           line.headers + payload;
  }
  if (rules::view_as<rules::RedisMessage>(read.message.get()) != nullptr ||
      rules::view_as<rules::PostgresMessage>(read.message.get()) != nullptr) {
    return std::string(codecs::text_of(read.message->wire));
  }
  if (rules::view_as<rules::KafkaMessage>(read.message.get()) != nullptr) {
    return std::string(codecs::text_of(read.message->wire)) + payload;
  }
  const auto* published = rules::view_as<rules::MqttMessage>(read.message.get());
  if (published == nullptr || published->packet.type != rules::MqttType::kPublish) {
    return kind_of(*read.message) + " " + payload;
  }
  const auto& packet = published->packet;
  return "publish " + published->topic + " q" + std::to_string(packet.qos) + " #" +
         std::to_string(packet.id) + (packet.retain ? " retain " : " ") + payload;
}

Parsed parse(const ProtocolSetup& setup, const Wire& wire) {
  Parsed parsed;
  const auto codec = setup.codec();
  for (const auto& [direction, text] : wire) {
    auto& reader = codec->reader(direction);
    bool more = false;
    for (auto bytes = codecs::bytes_of(text); more || !bytes.empty();) {
      auto step = reader.next(bytes, true);
      if (!step.broken.empty()) {
        parsed.wrong = step.broken;
        return parsed;
      }
      bytes = bytes.subspan(step.taken);
      more = step.more;
      if (!step.ended) continue;
      parsed.messages[direction].push_back(text_of(*step.ended));
      parsed.kinds[direction].push_back(kind_of(*step.ended->message));
    }
  }
  for (const auto direction : kBothDirections) {
    if (codec->reader(direction).held() > 0) parsed.wrong = "its last message is not complete";
  }
  return parsed;
}

// Finds only the boundaries and types of MQTT packets.
Parsed parse_frames(const ProtocolSetup& setup, const EachWay<std::string>& sent) {
  Parsed parsed;
  for (const auto direction : kBothDirections) {
    for (auto bytes = codecs::bytes_of(sent[direction]); !bytes.empty();) {
      const auto head = codecs::read_mqtt_head(bytes, setup.level);
      if (head.state != codecs::MqttHead::State::kHead || head.size + head.rest > bytes.size()) {
        parsed.wrong = "no packet";
        return parsed;
      }
      parsed.kinds[direction].emplace_back(rules::name_of(head.type));
      bytes = bytes.subspan(head.size + head.rest);
    }
  }
  return parsed;
}

using Messages = std::vector<std::string>;

// Counts output messages that are not in `in`, or that are there in another order.
std::int64_t count_foreign(const Messages& in, const Messages& out) {
  std::int64_t foreign = 0;
  auto next = in.begin();
  for (const auto& message : out) {
    const auto found = std::find(next, in.end(), message);
    found == in.end() ? void(++foreign) : void(next = found + 1);
  }
  return foreign;
}

std::string compare_messages(const Parsed& in, const Parsed& out, const Played& outcome,
                             const MessageExpectations& expected) {
  const auto all = static_cast<std::int64_t>(in.count()) + outcome.more;
  if (static_cast<std::int64_t>(out.count()) < all && !expected.silences) {
    return "messages were lost";
  }
  if (static_cast<std::int64_t>(out.count()) > all) return "more messages came out than went in";
  if (!expected.keeps_contents) {
    return in.kinds == out.kinds ? "" : "messages became others";
  }
  const bool copied = outcome.copies > 0;
  std::int64_t foreign = 0;
  for (const auto direction : kBothDirections) {
    auto came = in.messages[direction];
    auto left = out.messages[direction];
    if (!expected.keeps_order) {
      std::sort(came.begin(), came.end());
      std::sort(left.begin(), left.end());
    }
    if (copied) {
      came.erase(std::unique(came.begin(), came.end()), came.end());
      left.erase(std::unique(left.begin(), left.end()), left.end());
    }
    if (outcome.drops == 0 && outcome.answers == 0 && !expected.silences && came != left) {
      return "messages were altered or reordered";
    }
    foreign += count_foreign(came, left);
  }
  return foreign > outcome.answers ? "messages were altered or reordered" : "";
}

std::string check_outcome(const ProtocolSetup& setup, const MessageScript& conversation,
                          const Played& outcome, const MessageExpectations& expected) {
  EachWay<std::string> sent;
  Wire in;
  for (const auto* part : {&conversation.opening, &conversation.rest, &conversation.farewell}) {
    for (const auto& piece : *part) {
      in.emplace_back(piece.direction, piece.bytes);
      sent[piece.direction] += piece.bytes;
    }
  }
  const bool frames = !expected.keeps_packets && setup.listener == "mqtt";
  const auto came = frames ? parse_frames(setup, sent) : parse(setup, in);
  if (!came.wrong.empty()) return "the conversation itself is wrong: " + came.wrong;
  if (!outcome.reports.empty()) return "a message was not parsed: " + outcome.reports;
  // If the rules closed the connection, the opening may be missing and the last message may be cut.
  const bool unopened = !outcome.ending.empty() && (expected.from_the_start || expected.cuts);
  const auto left = frames ? parse_frames(setup, outcome.bytes) : parse(setup, outcome.wire);
  if (!left.wrong.empty() && !unopened) return "what came out is malformed: " + left.wrong;
  if (!outcome.ending.empty()) return {};
  if (outcome.held > 0) return "messages are held after the rules were removed";
  if (outcome.ends != EachWay<int>{{1, 1}}) return "the ends of the streams were not forwarded";
  return compare_messages(came, left, outcome, expected);
}

bool same(const Played& left, const Played& right) {
  return left.bytes == right.bytes && left.notes == right.notes && left.ending == right.ending &&
         left.reports == right.reports && left.ends == right.ends;
}

}  // namespace

std::string find_message_violation(const ProtocolSetup& setup,
                                   const std::vector<rules::Rule>& rules,
                                   const MessageExpectations& expected, std::uint64_t seed,
                                   std::uint64_t& acted) {
  const auto conversation = make_script(setup, seed);
  const auto play = [&](const Drive& drive) {
    return Play(setup, rules, seed, drive).run(conversation, expected.from_the_start);
  };
  const auto whole = play({});
  acted += whole.acted;
  const auto again = play({});
  if (!same(whole, again) || whole.log != again.log) return "the same seed gave a different result";
  if (!same(whole, play({.coarsely = true}))) {
    return "one big step of time gave a different result than many small ones";
  }
  if (!same(whole, play({.restlessly = true})))
    return "additional steps of time gave a different result";
  const auto cut = play({.in_one_piece = false});
  if (!same(whole, cut) || whole.timed_notes != cut.timed_notes) {
    return "messages cut into pieces gave a different result";
  }
  return check_outcome(setup, conversation, whole, expected);
}

}  // namespace brownout::test
