// duplicate: a datagram or a message arrives twice, the copy right behind the original
// (tc-netem(8), duplicate).
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
        field("share", &Settings::share, "the share of datagrams or messages that arrives twice",
              {.required = true}),
        field("correlation", &Settings::correlation,
              "how much each draw depends on the last one, as netem defines it; of HTTP and "
              "DNS each is for itself"),
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
     .of_http = Half::kRequest,
     .of_dns = Half::kResponse,
     .summary = "Some datagrams or messages arrive twice. A correct client "
                "does nothing twice for it: it knows a message by its id. A server of XMPP "
                "that manages its streams (XEP-0198) ends one on which a copy is acknowledged.",
     .magnitude =
         "datagram or message, one way; of HTTP the request (up to 1 MiB), of DNS the answer",
     .composition = "each rule draws for itself: a copy may be copied again",
     .source = "tc-netem(8), duplicate"});

}  // namespace brownout::rules
