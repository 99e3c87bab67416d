#include "rules/faults/udp_only.h"

#include "rules/dns_fault.h"

namespace brownout::rules {
namespace {

struct Settings {};

class UdpOnly final : public DnsOnlyFault {
 public:
  using Settings = brownout::rules::Settings;
  explicit UdpOnly(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    if (verdict.decided() || context.query->transport != Transport::kTcp) return std::nullopt;
    verdict.silent = true;
    return Note{.action = "drop"};
  }
};

}  // namespace

const FaultKind kUdpOnly =
    describe<UdpOnly>({.name = "udp_only",
                       .level = Level::kMessage,
                       .carriers = kDnsQueries,
                       .summary = "Queries over TCP vanish; those over UDP are answered.",
                       .magnitude = "query",
                       .composition = "with `tcp_only` nothing is answered at all",
                       .source = {}});

}  // namespace brownout::rules
