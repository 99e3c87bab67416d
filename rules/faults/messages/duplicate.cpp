// duplicate: sends messages twice. An HTTP request whose body is too long to be held in memory is
// sent once.
#include "rules/engine/message_fault.h"

namespace brownout::rules {
namespace {

struct DuplicateSettings {
  Ratio share{};
  Ratio correlation{};
};

class Duplicate final : public MessageFault {
 public:
  using Settings = DuplicateSettings;
  explicit Duplicate(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("share", &Settings::share, "probability that a datagram or message arrives twice",
              {.required = true}),
        field(
            "correlation", &Settings::correlation,
            "correlation of each draw with the previous one, as in tc-netem(8); HTTP and DNS draws "
            "are independent"),
    }};
    return schema;
  }

  Verdict judge(const Exchange& exchange) const override {
    return exchange.hits(settings_.share) ? Verdict::twice() : Verdict::pass();
  }
  Ratio correlation() const override { return settings_.correlation; }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kDuplicate = describe<Duplicate>(
    {.name = "duplicate",
     .level = Level::kBytes,
     .carriers = kDatagrams | kAnyMessages,
     .ramp = Ramp::kMagnitude,
     .per_chunk = true,
     .directed = true,
     .http_part = ExchangePart::kRequest,
     .dns_part = ExchangePart::kResponse,
     .summary = "Some datagrams or messages arrive twice, one directly after the other. HTTP: the "
                "server gets a request of up to 1 MiB twice, and the client gets one response. An "
                "XMPP server with stream management ends a stream on which the client acknowledges "
                "the copy.",
     .correct_client =
         "recognizes a copy by its id or sequence number, and does not act on it again",
     .unit = "datagram or message, in each direction; HTTP: the request; DNS: the answer",
     .composition = "each rule draws independently; a later rule may duplicate the copy again",
     .source =
         "tc-netem(8), duplicate; RFC 8085, 3.3; MQTT 5.0, 4.3; XEP-0198, 4; RFC 9110, 9.2.2"});

}  // namespace brownout::rules
