// reject: a request gets its protocol's own refusal, and the other end never sees it: of MQTT a
// CONNECT, SUBSCRIBE, UNSUBSCRIBE, or a PUBLISH above QoS 0 (in 3.1.1 that has none, and passes).
#include "rules/engine/fault.h"
#include "rules/engine/message_fault.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {
namespace {

class RejectStage final : public Stage {
 public:
  explicit RejectStage(const RefusalOptions& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    auto refusal = refusal_of(chunk, settings_);
    if (!refusal) return out.emit(std::move(chunk), now);
    out.note({.action = "reject",
              .bytes = static_cast<std::int64_t>(chunk.size()),
              .ordinal = refused_++},
             now);
    out.reply(std::move(refusal->message), now);
    if (refusal->ends) out.close(Close::kFin, now);
  }

 private:
  RefusalOptions settings_;
  std::uint64_t refused_ = 0;
};

// The keys that only one protocol's refusal has.
std::vector<Field<RefusalOptions>> fields_of_protocols() {
  std::vector<Field<RefusalOptions>> fields;
  for (const auto* protocol : message_protocols()) {
    for (auto& key : protocol->refusal_keys()) {
      key.info.meaning = std::string(protocol->name()) + ": " + key.info.meaning;
      fields.push_back(
          {key.info, false,
           [protocol, key](const Node& node, RefusalOptions& options, Diagnostics& problems) {
             if (auto option = key.read(node, problems)) {
               options.options.emplace_back(protocol, std::move(option));
             }
           }});
    }
  }
  return fields;
}

class Reject final : public MessageFault {
 public:
  using Settings = RefusalOptions;
  explicit Reject(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{
        {field("text", &Settings::text,
               "framed: what is answered, without its frame; http: the body of the 503")},
        fields_of_protocols()};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<RejectStage>(settings_);
  }
  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    if (message.decided()) return std::nullopt;
    message.fate = HttpMessage::Fate::kAnswer;
    message.answer.body = settings_.text;
    return Note{.action = "reject"};
  }
  std::optional<Note> on_query(const DnsContext&, DnsVerdict& verdict) const override {
    if (verdict.decided()) return std::nullopt;
    verdict.reply.emplace().rcode = Rcode::kRefused;
    return Note{.action = "reject"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kReject = describe<Reject>(
    {.name = "reject",
     .level = Level::kBytes,
     .carriers = kAnyMessages,
     .per_chunk = true,
     .directed = true,
     .of_http = Half::kRequest,
     .summary =
         "Requests are refused, as the protocol does it: CONNACK, SUBACK and PUBACK of MQTT, an "
         "error of XMPP, a Close 1013 of WebSocket, a text of a framing, a 503 of HTTP, REFUSED of "
         "DNS. "
         "A correct client says so, and tries again later, ever more slowly.",
     .magnitude = "request",
     .composition = "the first refusal wins",
     .source = "MQTT 5.0, 3.2.2.2, 3.4.2.1, 3.9.3 and 3.11.3; RFC 6120, 8.3"});

}  // namespace brownout::rules
