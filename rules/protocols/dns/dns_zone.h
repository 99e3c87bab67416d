// DnsZone answers queries from a fixed set of records, without a resolver (RFC 1034, 4.3.2).
//
// The zone follows CNAME and DNAME (RFC 6672) and expands wildcards (RFC 4592). An existing name
// without records of the queried type gets NODATA. A name below a delegation (NS records below an
// SOA) gets a referral. Each DNS class (IN, CH) has names of its own. Zone transfers (RFC 5936) and
// other query-only types are refused. Immutable.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "rules/base/result.h"
#include "rules/protocols/dns/dns.h"

namespace brownout::rules {

// The records of one DNS class (such as IN), by name.
struct DnsNames {
  using Records = std::vector<DnsRecord>;

  // Returns the records of the name, or of the wildcard that covers the name, or null.
  const Records* find(const std::string& name) const;
  // Whether a name below this name has records.
  bool has_below(const std::string& name) const { return above.contains(name); }
  // Returns the SOA record of the zone that contains the name, or null.
  const DnsRecord* authority_over(std::string_view name) const;

  std::map<std::string, Records> by_name;
  std::unordered_set<std::string> above;  // all proper ancestors of the names in by_name
};

class DnsZone {
 public:
  explicit DnsZone(std::vector<DnsRecord> records);

  // Returns the answer, or no value if the zone does not cover the name. The zone does not cover a
  // name if neither the name nor names below it have records, and no SOA or DNAME is above it.
  std::optional<DnsReply> answer(const DnsQuestion& question) const;
  // Whether to answer from this zone instead of asking a resolver. False for a delegated name,
  // because a resolver can return more than a referral.
  bool knows(const DnsQuestion& question) const;
  // Returns the reply to a question that the zone does not cover, for listeners without a resolver.
  static DnsReply answer_unknown(const DnsQuestion& question);

 private:
  const DnsNames* names_of(const DnsQuestion& question) const;
  static void look_up(const DnsNames& names, const DnsQuestion& question, DnsReply& reply);
  static std::string target_of(const DnsRecord& cname);

  std::map<std::uint16_t, DnsNames> by_class_;
};

// A [[zone]] table of a rule file. proxy/formats/zone_file.h parses `lines` into `records`, because
// parsing the presentation format needs ldns.
struct Zone {
  struct Line {
    std::string text;
    Position where;
  };
  std::string name;
  std::vector<Line> lines;
  std::vector<DnsRecord> records;
};

}  // namespace brownout::rules
