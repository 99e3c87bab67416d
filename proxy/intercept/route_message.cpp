#include "proxy/intercept/route_message.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <memory>

namespace brownout::proxy {

RouteMessage::RouteMessage(std::uint16_t type, bool add) {
  auto* message = mnl_nlmsg_put_header(bytes_.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  if (add) message->nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL;
  message->nlmsg_seq = 1;
}

void* RouteMessage::put_head(std::size_t size) {
  return mnl_nlmsg_put_extra_header(reinterpret_cast<nlmsghdr*>(bytes_.data()), size);
}

void RouteMessage::put(std::uint16_t attribute, std::uint32_t value) {
  mnl_attr_put_u32(reinterpret_cast<nlmsghdr*>(bytes_.data()), attribute, value);
}

void RouteMessage::put(std::uint16_t attribute, const IpAddress& address) {
  const std::size_t skipped = address.is_v4() ? 12 : 0;
  mnl_attr_put(reinterpret_cast<nlmsghdr*>(bytes_.data()), attribute, 16 - skipped,
               address.bytes.data() + skipped);
}

int RouteMessage::send() {
  const std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)> netlink(
      mnl_socket_open(NETLINK_ROUTE), &mnl_socket_close);
  if (!netlink || mnl_socket_bind(netlink.get(), 0, MNL_SOCKET_AUTOPID) != 0) return errno;
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes_.data());
  if (mnl_socket_sendto(netlink.get(), message, message->nlmsg_len) < 0) return errno;
  std::array<char, 8192> answer{};
  const auto got = mnl_socket_recvfrom(netlink.get(), answer.data(), answer.size());
  if (got < 0) return errno;
  const int result = mnl_cb_run(answer.data(), static_cast<std::size_t>(got), 1,
                                mnl_socket_get_portid(netlink.get()), nullptr, nullptr);
  return result < 0 ? errno : 0;
}

}  // namespace brownout::proxy
