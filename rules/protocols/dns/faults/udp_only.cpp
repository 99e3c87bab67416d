// udp_only: drops queries over TCP, as a firewall does that opens port 53 for UDP only.
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

extern const FaultKind kUdpOnly = describe<UdpOnly>(
    {.name = "udp_only",
     .level = Level::kMessage,
     .carriers = kDnsQueries,
     .summary = "Queries over TCP get no answer, although the connection is accepted. Queries over "
                "UDP are answered. Large answers, which need TCP, never arrive.",
     .correct_client = "gives up the query over TCP after its time-out, asks another server, and "
                       "does not use a truncated answer as a complete one",
     .unit = "query over TCP",
     .composition = "several rules with `udp_only` act like one; together with `tcp_only`, no "
                    "query is answered",
     .source = "RFC 7766, 5; RFC 9210; RFC 2181, 9"});

}  // namespace brownout::rules
