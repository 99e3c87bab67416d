// udp_only: drops queries over TCP, as a firewall does that opens port 53 for UDP only. Large
// answers, which need TCP, never arrive.
#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class UdpOnly final : public DnsOnlyFault {
 public:
  using Settings = NoSettings;
  explicit UdpOnly(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    if (verdict.decided() || context.query->dns.transport != Transport::kTcp) return std::nullopt;
    verdict.silent = true;
    return Note{.action = "drop"};
  }
};

}  // namespace

extern const FaultKind kUdpOnly =
    describe<UdpOnly>({.name = "udp_only",
                       .level = Level::kMessage,
                       .carriers = kDnsQueries,
                       .summary = "Queries over TCP vanish; those over UDP are answered.",
                       .unit = "query",
                       .composition = "with `tcp_only`, no query is answered",
                       .source = {}});

}  // namespace brownout::rules
