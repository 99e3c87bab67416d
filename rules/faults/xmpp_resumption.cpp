#include "rules/faults/xmpp_resumption.h"

#include <array>

#include "rules/message_answers.h"

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

struct Settings {
  Answer answer = Answer::kFailed;
};

// Upstream: what a client asks for is remembered by the server's answer alone, so that only the
// answer needs to be changed.
class ResumptionStage final : public Stage {
 public:
  explicit ResumptionStage(const Settings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* stanza = chunk.message() != nullptr ? chunk.message()->xmpp.get() : nullptr;
    if (stanza == nullptr) return out.emit(std::move(chunk), now);
    const bool fails = settings_.answer == Answer::kFailed;
    if (stanza->element != (fails ? XmppElement::kResumed : XmppElement::kFailed) ||
        (!fails && stanza->previous.empty())) {
      return out.emit(std::move(chunk), now);
    }
    out.note({.action = "lie", .ordinal = count_++}, now);
    out.emit(fails ? xmpp_chunk(kNotResumed)
                   : xmpp_chunk("<resumed xmlns='urn:xmpp:sm:3' h='0' previd='" +
                                xml_escaped(stanza->previous) + "'/>"),
             now);
  }

 private:
  Settings settings_;
  std::uint64_t count_ = 0;
};

class Resumption final : public Fault {
 public:
  using Settings = brownout::rules::Settings;
  explicit Resumption(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("answer", &Settings::answer,
              "what a client is told that resumes its stream: failed where it was resumed, or "
              "resumed where it failed"),
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

const FaultKind kXmppResumption = describe<Resumption>(
    {.name = "xmpp_resumption",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = kOfXmpp,
     .summary =
         "A server lies to a client that resumes its stream. A correct client that is told it "
         "failed binds anew and sends again what was not acknowledged; one that is told it was "
         "resumed notices by the errors that its stanzas get.",
     .magnitude = "resumption",
     .composition = "the last rule's answer arrives",
     .source = "XEP-0198, 5"});

}  // namespace brownout::rules
