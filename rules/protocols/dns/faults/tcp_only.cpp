// tcp_only: drops queries over UDP, as a firewall does that passes DNS over TCP only.
#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class TcpOnly final : public DnsOnlyFault {
 public:
  using Settings = NoSettings;
  explicit TcpOnly(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    if (verdict.decided() || context.query->dns.transport != Transport::kUdp) return std::nullopt;
    verdict.silent = true;
    return Note{.action = "drop"};
  }
};

}  // namespace

extern const FaultKind kTcpOnly = describe<TcpOnly>(
    {.name = "tcp_only",
     .level = Level::kMessage,
     .carriers = kDnsQueries,
     .summary = "Queries over UDP get no answer, as behind a firewall that passes DNS over TCP "
                "only. Queries over TCP are answered.",
     .correct_client = "asks again after its time-out, then asks over TCP or asks another server, "
                       "and reports a temporary failure if none answers",
     .unit = "query over UDP",
     .composition = "several rules with `tcp_only` act like one; together with `udp_only`, no "
                    "query is answered",
     .source = "RFC 1035, 4.2.1; RFC 7766, 5"});

}  // namespace brownout::rules
