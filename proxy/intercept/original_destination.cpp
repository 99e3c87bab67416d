#include "proxy/intercept/original_destination.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "proxy/intercept/conntrack_attributes.h"

namespace brownout::proxy {
namespace {

// The socket option SO_ORIGINAL_DST. linux/netfilter_ipv4.h and linux/netfilter_ipv6/ip6_tables.h
// define it, but cannot be included, since they conflict with netinet/in.h.
constexpr int kOriginalDst = 80;

bool same(const SocketAddress& a, const SocketAddress& b) {
  return a.ip() == b.ip() && a.port() == b.port();
}

}  // namespace

std::optional<SocketAddress> original_destination(const Fd& accepted, rules::Intercept how,
                                                  std::uint16_t port) {
  const auto own = own_address(accepted);
  if (!own.ip()) return std::nullopt;
  if (how == rules::Intercept::kTproxy) {
    if (own.port() == port) return std::nullopt;
    return SocketAddress::of(*own.ip(), own.port());
  }
  SocketAddress original;
  original.length = sizeof original.storage;
  const int level = own.ip()->is_v4() ? SOL_IP : SOL_IPV6;
  if (getsockopt(accepted.get(), level, kOriginalDst, original.get(), &original.length) != 0 ||
      same(original, own)) {
    return std::nullopt;
  }
  return SocketAddress::of(*original.ip(), original.port());
}

struct Conntrack::Impl {
  explicit Impl(Fd fd) : netlink(std::move(fd)) {}

  const Fd netlink;
  mutable std::mutex mutex;
  mutable std::uint32_t sequence = 0;
};

namespace {

void put_tuple(nlmsghdr* message, const SocketAddress& source, const SocketAddress& destination) {
  const bool v4 = source.ip()->is_v4();
  auto* tuple = mnl_attr_nest_start(message, CTA_TUPLE_REPLY);
  auto* addresses = mnl_attr_nest_start(message, CTA_TUPLE_IP);
  const auto put = [&](std::uint16_t v4_type, std::uint16_t v6_type, const IpAddress& ip) {
    if (v4) {
      mnl_attr_put(message, v4_type, 4, ip.bytes.data() + 12);
    } else {
      mnl_attr_put(message, v6_type, 16, ip.bytes.data());
    }
  };
  put(CTA_IP_V4_SRC, CTA_IP_V6_SRC, *source.ip());
  put(CTA_IP_V4_DST, CTA_IP_V6_DST, *destination.ip());
  mnl_attr_nest_end(message, addresses);
  auto* protocol = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
  mnl_attr_put_u8(message, CTA_PROTO_NUM, IPPROTO_UDP);
  mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(source.port()));
  mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(destination.port()));
  mnl_attr_nest_end(message, protocol);
  mnl_attr_nest_end(message, tuple);
}

}  // namespace

Conntrack::Conntrack(Fd netlink) : impl_(std::make_unique<Impl>(std::move(netlink))) {}
Conntrack::~Conntrack() = default;

Result<std::unique_ptr<Conntrack>> Conntrack::open() {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!fd)
    return tl::unexpected(
        system_error(Origin::kInternal, "cannot open conntrack (netlink)", errno));
  return std::make_unique<Conntrack>(std::move(fd));
}

std::optional<SocketAddress> Conntrack::destination_of(const SocketAddress& client,
                                                       const SocketAddress& local) const {
  if (!client.ip() || !local.ip()) return std::nullopt;
  const std::lock_guard lock(impl_->mutex);
  std::array<char, 8192> buffer{};
  auto* message = mnl_nlmsg_put_header(buffer.data());
  message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
  message->nlmsg_flags = NLM_F_REQUEST;
  message->nlmsg_seq = ++impl_->sequence;
  auto* family = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  family->nfgen_family = client.ip()->is_v4() ? AF_INET : AF_INET6;
  family->version = NFNETLINK_V0;
  // Asks for the conntrack entry by the addresses of a reply, from `local` to `client`, which are
  // unique.
  put_tuple(message, local, client);
  if (::send(impl_->netlink.get(), message, message->nlmsg_len, 0) < 0) return std::nullopt;
  while (true) {
    // Does not wait, since the kernel's answer is ready when send() returns.
    const auto got = ::recv(impl_->netlink.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < static_cast<ssize_t>(sizeof(nlmsghdr))) return std::nullopt;
    const auto* answer = reinterpret_cast<const nlmsghdr*>(buffer.data());
    if (answer->nlmsg_seq != impl_->sequence) continue;
    if (answer->nlmsg_type == NLMSG_ERROR) return std::nullopt;
    return address_in(conntrack_attribute(answer, CTA_TUPLE_ORIG), TupleEnd::kDestination);
  }
}

}  // namespace brownout::proxy
