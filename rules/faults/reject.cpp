#include "rules/faults/reject.h"

#include "rules/message_answers.h"
#include "rules/message_fault.h"

namespace brownout::rules {
namespace {

using Settings = RefusalWish;

class RejectStage final : public Stage {
 public:
  explicit RejectStage(const Settings& settings) : settings_(settings) {}

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
  Settings settings_;
  std::uint64_t refused_ = 0;
};

class Reject final : public MessageFault {
 public:
  using Settings = brownout::rules::Settings;
  explicit Reject(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("reason", &Settings::reason,
              "mqtt: why, as a code; left out: server unavailable (CONNECT), or unspecified. A "
              "CONNACK of 3.1.1 has 1 to 5, its SUBACK has only 128"),
        field("condition", &Settings::condition, "xmpp: why, of stanzas"),
        field("text", &Settings::text,
              "framed: what is answered, without its frame; http: the body of the 503"),
    }};
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

const FaultKind kReject = describe<Reject>(
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
