// slow_tcp: delays answers over TCP, as a resolver does whose TCP service is overloaded.
#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct SlowTcpSettings {
  Duration delay = std::chrono::seconds(2);
};

class SlowTcp final : public DnsOnlyFault {
 public:
  using Settings = SlowTcpSettings;
  explicit SlowTcp(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("delay", &Settings::delay, "additional delay of each answer over TCP",
              {.least = Duration(1), .most = std::chrono::hours(24)}),
    }};
    return schema;
  }

  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    if (context.query->dns.transport != Transport::kTcp) return std::nullopt;
    const auto delay = scaled(settings_.delay, context.intensity.at(context.now));
    verdict.delay += delay;
    return Note{.action = "delay", .delay = delay};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kSlowTcp = describe<SlowTcp>(
    {.name = "slow_tcp",
     .level = Level::kMessage,
     .carriers = kDnsQueries,
     .ramp = Ramp::kMagnitude,
     .ramped = "the delay grows from 0 to `delay`",
     .summary = "Answers over TCP arrive late, as from a resolver with an overloaded TCP service. "
                "Answers over UDP are not delayed.",
     .correct_client = "stops waiting after its own time-out, and asks another server",
     .unit = "query over TCP",
     .composition = "the delays of all rules add up",
     .source = "RFC 1123, 6.1.3.3; RFC 7766, 5; resolv.conf(5), option timeout"});

}  // namespace brownout::rules
