// truncate: marks every answer over UDP as truncated, so that every client uses TCP, whatever the
// size of the answer.
#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class Truncate final : public DnsOnlyFault {
 public:
  using Settings = NoSettings;
  explicit Truncate(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override {
    if (verdict.decided() || context.query->dns.transport != Transport::kUdp) return std::nullopt;
    verdict.reply.emplace().truncated = true;
    return Note{.action = "truncate"};
  }
};

}  // namespace

extern const FaultKind kTruncate = describe<Truncate>(
    {.name = "truncate",
     .level = Level::kMessage,
     .carriers = kDnsQueries,
     .summary = "Every answer over UDP is empty and marked as truncated (TC). The complete answer "
                "is available over TCP only.",
     .correct_client = "ignores the truncated answer, and asks the same server again over TCP",
     .unit = "query over UDP",
     .composition = "the first rule that answers a query decides",
     .source = "RFC 1035, 4.1.1; RFC 2181, 9; RFC 7766, 5"});

}  // namespace brownout::rules
