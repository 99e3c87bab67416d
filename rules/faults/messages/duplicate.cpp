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
        field("correlation", &Settings::correlation,
              "how much each draw depends on the previous one (0%: not at all), as in tc-netem(8); "
              "no effect on HTTP and DNS"),
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
     .ramped = "`share` grows from 0% to its value",
     .per_chunk = true,
     .directed = true,
     .http_part = ExchangePart::kRequest,
     .dns_part = ExchangePart::kResponse,
     .summary =
         "Some datagrams or messages arrive twice, one directly after the other. HTTP: the server "
         "gets a request of up to 1 MiB twice, and the client gets one response. XMPP with stream "
         "management: if the client acknowledges the copy, too, its server ends the stream.",
     .correct_client =
         "recognizes a copy by its id or sequence number, and does not act on it again",
     .unit = "datagram or message, in each direction; HTTP request; DNS answer",
     .composition = "each rule draws independently; a later rule may duplicate the copy again",
     .source =
         "tc-netem(8), duplicate; RFC 8085, 3.3; MQTT 5.0, 4.3; XEP-0198, 4; RFC 9110, 9.2.2"});

}  // namespace brownout::rules
