// DnsZone: a few records that a listener answers from, without any resolver (RFC 1034, 4.3.2).
//
// CNAMEs are followed inside the zone, wildcards expand (RFC 4592), a name that exists without the
// type gives NODATA. Immutable.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/dns.h"
#include "rules/result.h"

namespace brownout::rules {

class DnsZone {
 public:
  explicit DnsZone(std::vector<DnsRecord> records);

  // None when this zone knows nothing of the name: it is not here, and not below the owner of an
  // SOA record that is.
  std::optional<DnsReply> answer(const DnsQuestion& question) const;

 private:
  using Records = std::vector<DnsRecord>;
  // Of the name itself, else of the wildcard that covers it, else null.
  const Records* find(const std::string& name) const;
  bool has_below(const std::string& name) const;
  const DnsRecord* authority_over(std::string_view name) const;
  static std::string target_of(const DnsRecord& cname);

  std::map<std::string, Records> by_name_;
};

// [[zone]] as it stands in the file; `records` are filled in by the codec
// (proxy/codecs/zone_file.h), since reading the presentation format is the library's job.
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
