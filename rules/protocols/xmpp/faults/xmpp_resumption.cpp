#include <array>

#include "rules/engine/fault.h"
#include "rules/protocols/xmpp/xmpp_message.h"

namespace brownout::rules {
namespace {

enum class Answer { kFailed, kResumed };

}  // namespace

template <>
struct EnumNames<Answer> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Answer>{"failed", Answer::kFailed},
      std::pair<std::string_view, Answer>{"resumed", Answer::kResumed}};
};

namespace {

struct ResumptionSettings {
  Answer answer = Answer::kFailed;
};

// Changes the server's answer to a client that asks to resume its stream. The client's request
// passes unchanged. The codec copies the request's previd into XmppStanza::previous of the answer
// <failed/>.
class ResumptionStage final : public Stage {
 public:
  explicit ResumptionStage(const ResumptionSettings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* stanza = stanza_of(chunk);
    if (stanza == nullptr) return out.emit(std::move(chunk), now);
    const bool fails = settings_.answer == Answer::kFailed;
    const auto real_answer = fails ? XmppElement::kResumed : XmppElement::kFailed;
    const bool resumes =
        stanza->is_or_contains(real_answer) && (fails || !stanza->previous.empty());
    auto changed = resumes ? with_false_answer(chunk, *stanza) : std::nullopt;
    if (!changed) return out.emit(std::move(chunk), now);
    out.note({.action = "change answer", .ordinal = count_++}, now);
    out.emit(std::move(*changed), now);
  }

 private:
  std::string false_answer(const XmppStanza& stanza, const std::string& space) const {
    if (settings_.answer == Answer::kFailed) return xmpp_not_resumed(space);
    return "<resumed xmlns='" + xml_escaped(space) + "' h='0' previd='" +
           xml_escaped(stanza.previous) + "'/>";
  }

  // Returns the chunk with the false answer: alone, or in its place inside a SASL2 element. No
  // value if another rule has changed that element, since the offsets no longer hold.
  std::optional<Chunk> with_false_answer(const Chunk& chunk, const XmppStanza& stanza) const {
    if (stanza.within == XmppElement::kOther) return xmpp_chunk(false_answer(stanza, stanza.space));
    if (chunk.touched() || stanza.within_end > chunk.size()) return std::nullopt;
    const auto all = chunk.bytes();
    std::string text(reinterpret_cast<const char*>(all.data()), all.size());
    text.replace(stanza.within_begin, stanza.within_end - stanza.within_begin,
                 false_answer(stanza, stanza.within_space));
    return xmpp_chunk(text, stanza.element);
  }

  ResumptionSettings settings_;
  std::uint64_t count_ = 0;
};

class Resumption final : public Fault {
 public:
  using Settings = ResumptionSettings;
  explicit Resumption(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("answer", &Settings::answer,
              "the wrong answer that the client gets. failed: although the server resumed the "
              "stream. resumed: although the server could not resume it"),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<ResumptionStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kXmppResumption = describe<Resumption>(
    {.name = "xmpp_resumption",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .at_opening = true,
     .protocols = [] { return ProtocolSet::of(XmppMessage::protocol()); },
     .summary =
         "A client that asks to resume its stream after a reconnect gets the wrong answer: failed, "
         "although the server resumed the stream, or resumed, although the server could not.",
     .correct_client =
         "binds a resource again after `failed`, and resends unacknowledged stanzas; after a wrong "
         "`resumed`, it handles the errors that its stanzas get as answers",
     .unit = "answer to a request to resume a stream",
     .composition = "the client gets the `answer` of the last rule",
     .source = "XEP-0198, 5"});

}  // namespace brownout::rules
