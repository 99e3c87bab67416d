// reject: a request is answered with its protocol's own refusal and never reaches the other end. In
// MQTT this covers CONNECT, SUBSCRIBE, UNSUBSCRIBE, and PUBLISH above QoS 0 (MQTT 3.1.1 has no
// refusal for PUBLISH, so it passes).
#include "rules/engine/message_fault.h"
#include "rules/message/message_protocol.h"

namespace brownout::rules {
namespace {

std::string about_text() {
  std::string text;
  for (const auto* protocol : message_protocols()) {
    if (protocol->about_refusal().empty()) continue;
    text += std::string(protocol->name()) + ": " + std::string(protocol->about_refusal()) + "; ";
  }
  return text + "http: the body of the 503";
}

class Reject final : public MessageFault {
 public:
  using Settings = RefusalOptions;
  explicit Reject(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{
        {field("text", &Settings::text, about_text())},
        option_fields(&MessageProtocol::refusal_keys, &RefusalOptions::options)};
    return schema;
  }

  Verdict judge(const Exchange&) const override { return Verdict::refuse(settings_); }

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
     .of_dns = Half::kRequest,
     .summary =
         "Requests get the refusal of their protocol: an MQTT CONNACK, SUBACK or PUBACK, an XMPP "
         "error, a WebSocket Close 1013, a text in framed protocols, an HTTP 503, a DNS REFUSED. A "
         "correct client reports the refusal and retries with growing pauses.",
     .unit = "request",
     .composition = "the first refusal wins",
     .source = "MQTT 5.0, 3.2.2.2, 3.4.2.1, 3.9.3 and 3.11.3; RFC 6120, 8.3"});

}  // namespace brownout::rules
