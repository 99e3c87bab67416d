// nodata: answers that a name has no records of one type, for example of one address family.
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

extern const FaultKind kNodata = describe<Nodata>(
    {.name = "nodata",
     .level = Level::kMessage,
     .carriers = kDnsQueries,
     .summary = "The resolver answers that the name exists, but has no record of the queried type "
                "(NODATA). The answer has the code NOERROR and no records, not even an SOA record.",
     .correct_client = "asks no other server, does not cache the answer, because it has no SOA "
                       "record, and uses the other address family if the name has an address there",
     .unit = "query",
     .composition = "the first rule that answers a query decides",
     .source = "RFC 2308, 2.2 and 5; RFC 8305, 3"});

}  // namespace brownout::rules
