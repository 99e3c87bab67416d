#include "rules/protocols/dns/dns_match.h"

#include <algorithm>

namespace brownout::rules {

std::string_view DnsMatch::mismatch(const DnsFacts& query) const {
  const auto* asked = query.question ? &*query.question : nullptr;
  if (!qname.empty() && (asked == nullptr || !any_matches(qname, asked->name))) return "qname";
  if (!qtype.empty() &&
      (asked == nullptr || std::find(qtype.begin(), qtype.end(), asked->type) == qtype.end())) {
    return "qtype";
  }
  return transport && query.transport != transport ? "transport" : "";
}

std::vector<Field<DnsMatch>> dns_match_fields() {
  return {field("qname", &DnsMatch::qname,
                "dns: only queries for these names, e.g. \"chat.example.org\", \".example.org\" "
                "(this name and all names below it) or \"*-eu.example.org\""),
          field("qtype", &DnsMatch::qtype, "dns: only queries for these types, e.g. \"AAAA\""),
          field("transport", &DnsMatch::transport, "dns: only queries over this transport")};
}

}  // namespace brownout::rules
