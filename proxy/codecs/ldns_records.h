// Records between ldns and rules/dns.h.
#pragma once

#include "proxy/codecs/ldns.h"

#include <memory>
#include <string>

#include "rules/dns.h"

namespace brownout::codecs {

struct FreeRecord {
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
};
struct FreeName {
  void operator()(ldns_rdf* name) const { ldns_rdf_deep_free(name); }
};
using Record = std::unique_ptr<ldns_rr, FreeRecord>;
using Name = std::unique_ptr<ldns_rdf, FreeName>;

// A name in presentation format, without the dot at the end.
std::string text_of(const ldns_rdf& name);

// Null when the rdata does not fit the type.
Record to_ldns(const rules::DnsRecord& record);
rules::DnsRecord from_ldns(const ldns_rr& record);

}  // namespace brownout::codecs
