#include "rules/engine/fault.h"
#include "rules/protocols/xmpp/xmpp_message.h"

namespace brownout::rules {
namespace {

struct PresenceStormSettings {
  std::int64_t count = 0;
};

class PresenceStormStage final : public Stage {
 public:
  explicit PresenceStormStage(const PresenceStormSettings& settings) : settings_(settings) {}

  void push(Chunk chunk, Instant now, Output& out) override {
    const auto* stanza = stanza_of(chunk);
    const bool came_or_went = stanza != nullptr && stanza->element == XmppElement::kPresence &&
                              (stanza->type.empty() || stanza->type == "unavailable");
    if (!came_or_went) return out.emit(std::move(chunk), now);
    out.note({.action = "insert presences", .bytes = settings_.count, .ordinal = count_++}, now);
    const bool comes = stanza->type.empty();
    const auto ends = " from='" + xml_escaped(stanza->from) + "'" +
                      (stanza->to.empty() ? "" : " to='" + xml_escaped(stanza->to) + "'") + "/>";
    // Emit presences of alternating state. The presence that arrived goes last, so the one before
    // it has the opposite state.
    for (std::int64_t left = settings_.count; left > 0; --left) {
      const bool available = (left % 2 == 0) == comes;
      out.emit(xmpp_chunk((available ? "<presence" : "<presence type='unavailable'") + ends,
                          XmppElement::kPresence),
               now);
    }
    out.emit(std::move(chunk), now);
  }

 private:
  PresenceStormSettings settings_;
  std::uint64_t count_ = 0;
};

class PresenceStorm final : public Fault {
 public:
  using Settings = PresenceStormSettings;
  explicit PresenceStorm(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("count", &Settings::count,
              "how many presence stanzas are inserted before the real one",
              {.least = 1, .most = 10'000, .required = true}),
    }};
    return schema;
  }

  std::unique_ptr<Stage> stage(const StageContext&) const override {
    return std::make_unique<PresenceStormStage>(settings_);
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kPresenceStorm = describe<PresenceStorm>(
    {.name = "presence_storm",
     .level = Level::kBytes,
     .carriers = kMessages,
     .per_chunk = true,
     .protocols = [] { return ProtocolSet::of(XmppMessage::protocol()); },
     .summary =
         "When a contact comes online or goes offline, many presence stanzas of the contact arrive "
         "at once. They alternate between available and unavailable, and the last one is true.",
     .correct_client = "shows the state of the last presence, and meanwhile still reacts to its "
                       "user and answers pings",
     .unit = "presence without a type, or of type unavailable",
     .composition = "each rule inserts presences before every presence, also before those that an "
                    "earlier rule inserted",
     .source = "RFC 6121, 4.2, 4.4 and 4.5"});

}  // namespace brownout::rules
