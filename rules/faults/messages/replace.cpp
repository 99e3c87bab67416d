// replace: replaces the text of messages. A message whose protocol cannot carry the text passes
// unchanged.
#include "rules/engine/message_fault.h"
#include "rules/message/message_protocol.h"

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
              "new text of the message: of the HTTP body, of the DNS TXT records, of the XMPP "
              "body, of the Redis value, or of the payload in other protocols",
              {.required = true}),
    }};
    return schema;
  }

  Verdict judge(const Exchange&) const override { return Verdict::say(settings_.text); }

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
     .dns_part = ExchangePart::kResponse,
     .protocols = [] { return ProtocolSet::where(&MessageProtocol::has_words); },
     .summary = "Messages arrive complete and valid, but with another text.",
     .correct_client =
         "validates the content of a message before it acts on it, reports an unexpected one, "
         "and keeps running",
     .unit = "message, in each direction; body of an HTTP request or response; TXT records of a "
             "DNS answer",
     .composition = "the text of the last rule arrives",
     .source =
         "MQTT 5.0, 3.3.3 (payload); RFC 6121, 5.2.3 (body); RFC 6455, 5.6 (data frames); RFC "
         "1035, 3.3.14 (TXT); OWASP Input Validation Cheat Sheet"});

}  // namespace brownout::rules
