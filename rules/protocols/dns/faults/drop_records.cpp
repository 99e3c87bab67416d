// drop_records: removes some addresses from answers, as if a region had failed.
//
// The seed and the rule choose the addresses, so every answer lacks the same ones.
#include <algorithm>

#include "rules/engine/dns_fault.h"
#include "rules/engine/fault.h"

namespace brownout::rules {
namespace {

struct DropRecordsSettings {
  std::int64_t count = 1;
  std::vector<Prefix> prefix;
};

class DropRecords final : public DnsOnlyFault {
 public:
  using Settings = DropRecordsSettings;
  explicit DropRecords(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("count", &Settings::count,
              "number of addresses that are missing from each answer; the same addresses are "
              "missing from every answer",
              {.least = 1}),
        field("prefix", &Settings::prefix,
              "instead of `count`: networks whose addresses are all missing, e.g. those of one "
              "region",
              {.absent = "none"}),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    if (!settings.prefix.empty() && table.find("count") != nullptr) {
      problems.add(position_of(table, "count"), "count and prefix exclude each other",
                   "leave out count or prefix");
    }
  }

  std::optional<Note> on_reply(const DnsContext& context, DnsReply& reply) const override {
    std::vector<Key> gone;
    for (const auto& record : reply.answer) {
      if (record.is_address()) gone.push_back(rank(context, record));
    }
    std::sort(gone.begin(), gone.end());
    gone.resize(std::min(gone.size(), static_cast<std::size_t>(settings_.count)));
    const auto removed = std::erase_if(reply.answer, [&](const DnsRecord& record) {
      if (!record.is_address()) return false;
      if (settings_.prefix.empty())
        return std::binary_search(gone.begin(), gone.end(), rank(context, record));
      return any_contains(settings_.prefix, record.address());
    });
    if (removed == 0) return std::nullopt;
    return Note{.action = "drop records", .ordinal = removed};
  }

 private:
  // Returns a number that ranks the address at random. It depends on the rule and the address, not
  // on the query, so every client misses the same addresses.
  static Key rank(const DnsContext& context, const DnsRecord& record) {
    const std::string_view rdata(reinterpret_cast<const char*>(record.rdata.data()),
                                 record.rdata.size());
    return combine(context.rule_key, key_of(rdata));
  }

  Settings settings_;
};

}  // namespace

extern const FaultKind kDropRecords = describe<DropRecords>(
    {.name = "drop_records",
     .level = Level::kMessage,
     .carriers = kDnsQueries,
     .summary = "Some addresses of the name are missing from the answer, for example those of one "
                "region. If no address is left, the answer is empty (NODATA).",
     .correct_client = "connects to an address that is left, and reports that the name has no "
                       "address if none is left",
     .unit = "answer",
     .composition = "each rule removes from the addresses that earlier rules left",
     .source = "RFC 1035, 3.4.1; RFC 1123, 2.3; RFC 2308, 2.2"});

}  // namespace brownout::rules
