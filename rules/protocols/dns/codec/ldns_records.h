// Functions that convert DNS records between ldns and rules/protocols/dns/dns.h. Pure functions;
// any thread.
#pragma once

#include "rules/protocols/dns/codec/ldns.h"

#include <memory>
#include <span>
#include <string>

#include "rules/protocols/dns/dns.h"

namespace brownout::codecs {

struct FreeRecord {
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
};
struct FreeName {
  void operator()(ldns_rdf* name) const { ldns_rdf_deep_free(name); }
};
using Record = std::unique_ptr<ldns_rr, FreeRecord>;
using Name = std::unique_ptr<ldns_rdf, FreeName>;

// Returns a name in presentation format, without the trailing dot.
std::string text_of(const ldns_rdf& name);

constexpr std::size_t kMostRdata = 65'535;  // maximum size in bytes (RFC 1035, 3.2.1)

// Whether records of a type may have any number of fields, such as the strings of a TXT record.
// ldns adds fields to such a record one by one, which takes 1 s for 32,760 fields. For these types,
// use read_many_fields().
bool has_many_fields(ldns_rr_type type);
// Sets the rdata of a record, whose type has many fields, as one field. Returns false if the rdata
// does not fit the type.
bool read_many_fields(ldns_rr& record, std::span<const std::uint8_t> rdata);

// Returns null if the name or the rdata is invalid.
Record to_ldns(const rules::DnsRecord& record);
rules::DnsRecord from_ldns(const ldns_rr& record);

}  // namespace brownout::codecs
