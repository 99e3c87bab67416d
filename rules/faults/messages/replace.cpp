// replace: messages arrive with another text.
#include "rules/engine/message_fault.h"

namespace brownout::rules {
namespace {

struct ReplaceSettings {
  std::string text;
};

class Replace final : public MessageFault {
 public:
  using Settings = ReplaceSettings;
  explicit Replace(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("text", &Settings::text,
              "the new text of the MQTT payload, the XMPP body, the payload of WebSocket or framed "
              "messages, the HTTP body, or the DNS TXT records",
              {.required = true}),
    }};
    return schema;
  }

  Verdict judge(const Exchange&) const override { return Verdict::say(settings_.text); }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kReplace =
    describe<Replace>({.name = "replace",
                       .level = Level::kBytes,
                       .carriers = kAnyMessages,
                       .per_chunk = true,
                       .directed = true,
                       .of_dns = Half::kResponse,
                       .summary = "Messages arrive complete and valid, but with another text. A "
                                  "correct client validates a message before it acts on it.",
                       .unit = "message, one way",
                       .composition = "the last rule's text arrives",
                       .source = {}});

}  // namespace brownout::rules
