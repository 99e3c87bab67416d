// drop: discards datagrams, and messages of all protocols.
#include "rules/engine/message_fault.h"

namespace brownout::rules {
namespace {

class Drop final : public MessageFault {
 public:
  using Settings = NoSettings;
  explicit Drop(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  Verdict judge(const Exchange&) const override { return Verdict::drop(); }
};

}  // namespace

extern const FaultKind kDrop = describe<Drop>(
    {.name = "drop",
     .level = Level::kBytes,
     .carriers = kDatagrams | kAnyMessages,
     .per_chunk = true,
     .directed = true,
     .http_part = ExchangePart::kByDirection,
     .dns_part = ExchangePart::kByDirection,
     .summary = "Datagrams or messages are lost. The rule's `probability` is the share of messages "
                "that are lost. At a `udp` listener, it is the share of UDP sessions that lose all "
                "their datagrams, or with `per = \"chunk\"` the share of datagrams that are lost. "
                "HTTP: the request never reaches "
                "the server, or its response is lost. DNS: the query or its answer is lost.",
     .correct_client =
         "has a time-out for each answer or acknowledgement, and sends again as its protocol "
         "allows, a bounded number of times with growing pauses",
     .unit = "datagram or message, in each direction; HTTP request or DNS query; with `direction = "
             "\"downstream\"`, HTTP response or DNS answer",
     .composition = "later rules do not see messages that an earlier rule dropped",
     .source = "RFC 8085, 3.1 and 3.3; MQTT 5.0, 4.4; RFC 9110, 9.2.2; RFC 1035, 4.2.1"});

}  // namespace brownout::rules
