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

extern const FaultKind kTcpOnly =
    describe<TcpOnly>({.name = "tcp_only",
                       .level = Level::kMessage,
                       .carriers = kDnsQueries,
                       .summary = "Queries over UDP vanish; those over TCP are answered.",
                       .unit = "query",
                       .composition = "with `udp_only`, no query is answered",
                       .source = {}});

}  // namespace brownout::rules
