// DnsZone: a few records that a listener answers from, without any resolver (RFC 1034, 4.3.2).
//
// CNAMEs and DNAMEs (RFC 6672) are followed, wildcards expand (RFC 4592), a name without the type
// gives NODATA, what is below NS records that are below an SOA a referral. Each class has names of
// its own. Zone transfers (RFC 5936) and other types that no record has are refused. Immutable.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "rules/base/result.h"
#include "rules/protocols/dns/dns.h"

namespace brownout::rules {

// The records of one class, by name.
struct DnsNames {
  using Records = std::vector<DnsRecord>;

  // Of the name itself, else of the wildcard that covers it, else null.
  const Records* find(const std::string& name) const;
  bool has_below(const std::string& name) const { return above.contains(name); }
  const DnsRecord* authority_over(std::string_view name) const;

  std::map<std::string, Records> by_name;
  std::unordered_set<std::string> above;  // every name that another is below of
};

class DnsZone {
 public:
  explicit DnsZone(std::vector<DnsRecord> records);

  // None when this zone knows nothing of the name: it is not here, and not below the owner of an
  // SOA record that is.
  std::optional<DnsReply> answer(const DnsQuestion& question) const;
  bool knows(const DnsQuestion& question) const;  // ahead of a resolver: no referral is meant
  // What it does not know, where nobody else can be asked.
  static DnsReply answer_unknown(const DnsQuestion& question);

 private:
  const DnsNames* names_of(const DnsQuestion& question) const;
  static void look_up(const DnsNames& names, const DnsQuestion& question, DnsReply& reply);
  static std::string target_of(const DnsRecord& cname);

  std::map<std::uint16_t, DnsNames> by_class_;
};

// [[zone]] as it stands in the file; `records` are filled in by the codec
// (proxy/formats/zone_file.h), since reading the presentation format is the library's job.
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
