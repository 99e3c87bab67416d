// nodata: the name exists but has no record of the queried type: NOERROR with an empty answer.
#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

class Nodata final : public DnsOnlyFault {
 public:
  using Settings = NoSettings;
  explicit Nodata(const Settings&) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{};
    return schema;
  }

  std::optional<Note> on_query(const DnsContext&, DnsVerdict& verdict) const override {
    if (verdict.decided()) return std::nullopt;
    verdict.reply.emplace();
    return Note{.action = "answer"};
  }
};

}  // namespace

extern const FaultKind kNodata =
    describe<Nodata>({.name = "nodata",
                      .level = Level::kMessage,
                      .carriers = kDnsQueries,
                      .summary = "The name exists, but has no record of the type (NODATA).",
                      .unit = "query",
                      .composition = "the first rule that answers a query decides",
                      .source = "RFC 2308, 2.2"});

}  // namespace brownout::rules
