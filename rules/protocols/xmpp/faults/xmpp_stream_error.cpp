// xmpp_stream_error: ends the stream with a stream error, in place of the element on which the rule
// acts.
#include "rules/engine/fault.h"
#include "rules/protocols/xmpp/xmpp_message.h"

namespace brownout::rules {
namespace {

struct StreamErrorSettings {
  StreamCondition condition;
  std::string text;
};

class StreamErrorStage final : public Stage {
 public:
  StreamErrorStage(const StreamErrorSettings& settings, Direction direction)
      : settings_(settings), direction_(direction) {}

  // Sends the stream error in place of the element. The opening of a stream passes: an error can
  // only follow it.
  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* stanza = stanza_of(chunk);
    const bool opening = stanza != nullptr && stanza->element == XmppElement::kStream;
    if (opening) return out.emit(std::move(chunk), now);
    out.note({.action = "stream error"}, now);
    const auto error = xmpp_chunk(xmpp_stream_error(settings_.condition, settings_.text));
    direction_ == Direction::kUpstream ? out.reply(error, now) : out.emit(error, now);
    out.close(Close::kFin, now);
  }

 private:
  StreamErrorSettings settings_;
  Direction direction_;
};

class StreamError final : public Fault {
 public:
  using Settings = StreamErrorSettings;
  explicit StreamError(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("condition", &Settings::condition,
              "condition of the error, e.g. system-shutdown, see-other-host, conflict or "
              "policy-violation"),
        field("text", &Settings::text,
              "for see-other-host, the host to use instead, e.g. \"b.example.org:5222\"; for other "
              "conditions, a description for people"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (settings.condition.name != "see-other-host" || !settings.text.empty()) return;
    problems.add(position_of(table, "condition"), "see-other-host needs the other host in \"text\"",
                 "e.g. text = \"b.example.org:5222\"");
  }

  std::unique_ptr<Stage> stage(const StageContext& context) const override {
    return std::make_unique<StreamErrorStage>(settings_, context.direction);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kXmppStreamError = describe<StreamError>(
    {.name = "xmpp_stream_error",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(XmppMessage::protocol()); },
     .summary = "The server ends the stream with a stream error, and the connection closes.",
     .correct_client =
         "reconnects after a random delay. After see-other-host, the client connects to the host "
         "in the error. After conflict, the client binds another resource, or does not reconnect",
     .unit = "connection",
     .composition = "the first rule that ends the stream decides",
     .source = "RFC 6120, 3.3 (reconnection), 4.9.3.3 (conflict) and 4.9.3.19 (see-other-host)"});

}  // namespace brownout::rules
