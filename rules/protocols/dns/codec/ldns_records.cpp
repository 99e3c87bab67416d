#include "rules/protocols/dns/codec/ldns_records.h"

namespace brownout::codecs {
namespace {

struct FreeBuffer {
  void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
};

// Whether the rdata is a sequence of one or more character-strings (RFC 1035, 3.3.14).
bool are_strings(std::span<const std::uint8_t> rdata) {
  std::size_t at = 0;
  while (at < rdata.size()) at += 1U + rdata[at];
  return !rdata.empty() && at == rdata.size();
}

}  // namespace

bool has_many_fields(ldns_rr_type type) {
  const auto* known = ldns_rr_descript(static_cast<std::uint16_t>(type));
  return ldns_rr_descriptor_maximum(known) > UINT16_MAX && ldns_rr_descriptor_minimum(known) > 0;
}

bool read_many_fields(ldns_rr& record, std::span<const std::uint8_t> rdata) {
  const auto* known = ldns_rr_descript(static_cast<std::uint16_t>(ldns_rr_get_type(&record)));
  const bool strings =
      ldns_rr_descriptor_field_type(known, ldns_rr_descriptor_minimum(known)) == LDNS_RDF_TYPE_STR;
  if (rdata.size() > kMostRdata || (strings && !are_strings(rdata))) return false;
  ldns_rdf* field = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_NONE, rdata.size(), rdata.data());
  return field != nullptr && ldns_rr_push_rdf(&record, field);
}

std::string text_of(const ldns_rdf& name) {
  char* text = ldns_rdf2str(&name);
  if (text == nullptr) return {};
  std::string result(text);
  LDNS_FREE(text);
  if (result.ends_with('.')) result.pop_back();
  return result;
}

Record to_ldns(const rules::DnsRecord& record) {
  Record rr(ldns_rr_new());
  ldns_rdf* owner = ldns_dname_new_frm_str(record.name.empty() ? "." : record.name.c_str());
  if (owner == nullptr) return nullptr;
  ldns_rr_set_owner(rr.get(), owner);
  ldns_rr_set_type(rr.get(), static_cast<ldns_rr_type>(record.type));
  ldns_rr_set_class(rr.get(), static_cast<ldns_rr_class>(record.dns_class));
  ldns_rr_set_ttl(rr.get(), record.ttl);
  if (record.rdata.size() > kMostRdata) return nullptr;
  if (has_many_fields(ldns_rr_get_type(rr.get()))) {
    return read_many_fields(*rr, record.rdata) ? std::move(rr) : nullptr;
  }
  std::vector<std::uint8_t> wire{static_cast<std::uint8_t>(record.rdata.size() >> 8),
                                 static_cast<std::uint8_t>(record.rdata.size() & 0xff)};
  wire.insert(wire.end(), record.rdata.begin(), record.rdata.end());
  std::size_t at = 0;
  const auto status = ldns_wire2rdf(rr.get(), wire.data(), wire.size(), &at);
  return status == LDNS_STATUS_OK ? std::move(rr) : nullptr;
}

rules::DnsRecord from_ldns(const ldns_rr& record) {
  rules::DnsRecord result;
  result.name = text_of(*ldns_rr_owner(&record));
  result.type = static_cast<rules::DnsType>(ldns_rr_get_type(&record));
  result.dns_class = static_cast<std::uint16_t>(ldns_rr_get_class(&record));
  result.ttl = ldns_rr_ttl(&record);
  const std::unique_ptr<ldns_buffer, FreeBuffer> buffer(ldns_buffer_new(LDNS_MIN_BUFLEN));
  if (ldns_rr_rdata2buffer_wire(buffer.get(), &record) == LDNS_STATUS_OK) {
    const auto* bytes = ldns_buffer_begin(buffer.get());
    result.rdata.assign(bytes, bytes + ldns_buffer_position(buffer.get()));
  }
  return result;
}

}  // namespace brownout::codecs
