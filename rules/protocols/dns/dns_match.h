// The keys of a match that only DNS queries have, and what is known of a query.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rules/protocols/dns/dns.h"
#include "rules/schema/name_pattern.h"

namespace brownout::rules {

struct DnsFacts {
  std::optional<DnsQuestion> question = {};
  std::optional<Transport> transport = {};
};

struct DnsMatch {
  std::vector<NamePattern> qname;
  std::vector<DnsType> qtype;
  std::optional<Transport> transport;

  bool any() const { return !qname.empty() || !qtype.empty() || transport; }
  // The key that it fails, or "".
  std::string_view mismatch(const DnsFacts& query) const;
};

std::vector<Field<DnsMatch>> dns_match_fields();

}  // namespace brownout::rules
