#include "proxy/codecs/ldns_records.h"

namespace brownout::codecs {
namespace {

struct FreeBuffer {
  void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
};

}  // namespace

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
