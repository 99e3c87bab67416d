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
              "how much each draw depends on the last one, as netem defines it; HTTP and DNS draws "
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
     .of_http = Half::kRequest,
     .of_dns = Half::kResponse,
     .summary = "Some datagrams or messages arrive twice. A correct client recognizes a copy by "
                "its id and does not act on it again. An XMPP server with stream management "
                "(XEP-0198) ends a stream on which a copy is acknowledged.",
     .unit = "datagram or message, one way; HTTP: the request (up to 1 MiB); DNS: the answer",
     .composition = "rules draw independently; a copy may be duplicated again",
     .source = "tc-netem(8), duplicate"});

}  // namespace brownout::rules
