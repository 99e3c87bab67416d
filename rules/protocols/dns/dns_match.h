// DnsMatch selects DNS queries by name, record type and transport, for the `match` of a rule. A
// plain value, owned by its rule; any thread.
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
  // Returns the name of the first key that the query does not match, or "" if the query matches.
  std::string_view mismatch(const DnsFacts& query) const;
};

std::vector<Field<DnsMatch>> dns_match_fields();

}  // namespace brownout::rules
