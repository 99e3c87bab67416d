// h2_ping_loss: leaves the PINGs of clients without an answer.
#include "rules/engine/http2_fault.h"

namespace brownout::rules {
namespace {

class PingLoss final : public Http2OnlyFault {
 public:
  using Settings = NoSettings;
  explicit PingLoss(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::string_view on_connection(Http2ConnectionFaults& faults) const override {
    faults.loses_pings = true;
    return "hold PING";
  }
};

}  // namespace

extern const FaultKind kH2PingLoss = describe<PingLoss>(
    {.name = "h2_ping_loss",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .on_http2 = true,
     .summary = "PINGs of an HTTP/2 client get no answer, while its requests are answered.",
     .correct_client = "closes the connection after its keepalive time-out, and opens another one "
                       "for its next requests",
     .unit = "HTTP/2 connection",
     .composition = "several rules act like one",
     .source = "RFC 9113, 6.7; gRFC A8 (client-side keepalive)"});

}  // namespace brownout::rules
