// Messages arrive with another text.
#include "rules/engine/fault.h"
#include "rules/engine/message_fault.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {
namespace {

struct ReplaceSettings {
  std::string text;
};

class ReplaceStage final : public Stage {
 public:
  explicit ReplaceStage(const ReplaceSettings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    auto other = with_text(chunk, settings_.text);
    if (!other) return out.emit(std::move(chunk), now);
    out.note({.action = "replace",
              .bytes = static_cast<std::int64_t>(chunk.size()),
              .ordinal = count_++},
             now);
    out.emit(std::move(*other), now);
  }

 private:
  ReplaceSettings settings_;
  std::uint64_t count_ = 0;
};

class Replace final : public MessageFault {
 public:
  using Settings = ReplaceSettings;
  explicit Replace(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("text", &Settings::text,
              "what a message says instead: what MQTT publishes, the body of XMPP, the payload of "
              "WebSocket and a framing, the body of HTTP, the TXT records of DNS",
              {.required = true}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<ReplaceStage>(settings_);
  }
  std::optional<Note> act(const HttpContext& context, HttpMessage& message) const override {
    return replace_body(context, message, settings_.text);
  }
  std::optional<Note> on_reply(const DnsContext&, DnsReply& reply) const override {
    const auto bytes = replace_text(reply, settings_.text);
    if (bytes == 0) return std::nullopt;
    return Note{.action = "replace", .bytes = bytes};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kReplace = describe<Replace>(
    {.name = "replace",
     .level = Level::kBytes,
     .carriers = kAnyMessages,
     .per_chunk = true,
     .directed = true,
     .of_dns = Half::kResponse,
     .summary = "Messages arrive whole and valid, but with another text. A correct client checks "
                "what it is told before it acts on it.",
     .magnitude = "message, one way",
     .composition = "the last rule's text arrives",
     .source = {}});

}  // namespace brownout::rules
