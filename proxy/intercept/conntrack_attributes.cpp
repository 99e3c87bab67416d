#include "proxy/intercept/conntrack_attributes.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <array>
#include <cstring>

namespace brownout::proxy {
namespace {

struct WantedAttribute {
  std::uint16_t type;
  const nlattr* found = nullptr;
};

int keep_wanted(const nlattr* attribute, void* wanted) {
  auto& search = *static_cast<WantedAttribute*>(wanted);
  if (mnl_attr_get_type(attribute) == search.type) search.found = attribute;
  return MNL_CB_OK;
}

}  // namespace

const nlattr* conntrack_attribute(const nlmsghdr* message, std::uint16_t type) {
  WantedAttribute wanted{type};
  mnl_attr_parse(message, sizeof(nfgenmsg), keep_wanted, &wanted);
  return wanted.found;
}

const nlattr* conntrack_attribute(const nlattr* parent, std::uint16_t type) {
  WantedAttribute wanted{type};
  if (parent != nullptr) mnl_attr_parse_nested(parent, keep_wanted, &wanted);
  return wanted.found;
}

std::optional<SocketAddress> address_in(const nlattr* tuple, TupleEnd end) {
  const bool source = end == TupleEnd::kSource;
  const auto* addresses = conntrack_attribute(tuple, CTA_TUPLE_IP);
  const auto* port = conntrack_attribute(conntrack_attribute(tuple, CTA_TUPLE_PROTO),
                                         source ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT);
  const auto* v4 = conntrack_attribute(addresses, source ? CTA_IP_V4_SRC : CTA_IP_V4_DST);
  const auto* v6 = conntrack_attribute(addresses, source ? CTA_IP_V6_SRC : CTA_IP_V6_DST);
  if (port == nullptr || (v4 == nullptr && v6 == nullptr)) return std::nullopt;
  IpAddress ip;
  if (v4 != nullptr) {
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), mnl_attr_get_payload(v4), octets.size());
    ip = IpAddress::v4(octets);
  } else {
    std::memcpy(ip.bytes.data(), mnl_attr_get_payload(v6), ip.bytes.size());
  }
  return SocketAddress::of(ip, ntohs(mnl_attr_get_u16(port)));
}

}  // namespace brownout::proxy
