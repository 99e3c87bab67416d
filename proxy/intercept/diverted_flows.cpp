#include "proxy/intercept/diverted_flows.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "proxy/intercept/conntrack_attributes.h"
#include "proxy/intercept/nftables.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {
namespace {

using Ports = std::vector<std::uint16_t>;

bool has_port(const Ports& ports, std::uint16_t port) {
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

std::set<IpAddress> addresses_here() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  std::set<IpAddress> found;
  for (const auto* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    SocketAddress address;
    const bool v6 = entry->ifa_addr->sa_family == AF_INET6;
    if (!v6 && entry->ifa_addr->sa_family != AF_INET) continue;
    std::memcpy(&address.storage, entry->ifa_addr, v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
    found.insert(*address.ip());
  }
  return found;
}

// Parses an address as /proc/net/tcp has it: "0100007F", or four such words for IPv6, each four
// bytes in host byte order.
std::optional<IpAddress> address_in_hex(std::string_view text) {
  if (text.size() != 8 && text.size() != 32) return std::nullopt;
  IpAddress ip = text.size() == 8 ? IpAddress::v4({}) : IpAddress{};
  auto* to = ip.bytes.data() + (text.size() == 8 ? 12 : 0);
  for (; !text.empty(); text.remove_prefix(8), to += 4) {
    std::uint32_t word = 0;
    std::from_chars(text.data(), text.data() + 8, word, 16);
    std::memcpy(to, &word, sizeof word);
  }
  return ip;
}

// Whether a connection in this state (linux/tcp_states.h) is still in use. In FIN_WAIT2 without a
// process, only the peer's FIN is outstanding.
bool lives(unsigned state, bool has_process) {
  constexpr unsigned kFinWait2 = 5;
  constexpr std::array kStates{1U /*ESTABLISHED*/, 4U /*FIN_WAIT1*/, kFinWait2,
                               8U /*CLOSE_WAIT*/,  9U /*LAST_ACK*/,  11U /*CLOSING*/};
  return (has_process || state != kFinWait2) &&
         std::find(kStates.begin(), kStates.end(), state) != kStates.end();
}

void count_connections(const char* path, const std::set<IpAddress>& here, LiveConnections& live) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // skips the heading
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string number;
    std::string local;
    std::string remote;
    unsigned state = 0;
    words >> number >> local >> remote >> std::hex >> state >> std::dec;
    for (int skipped = 0; skipped < 5; ++skipped) words >> number;
    std::uint64_t inode = 0;
    if (!(words >> inode) || !lives(state, inode != 0)) continue;
    const auto colon = local.find(':');
    const auto ip = address_in_hex(std::string_view(local).substr(0, colon));
    if (!ip || colon == std::string::npos) continue;
    unsigned port = 0;
    std::from_chars(local.data() + colon + 1, local.data() + local.size(), port, 16);
    // A connection taken by TPROXY has the server's address as its local address, which no
    // interface of this machine has.
    if (!ip->is_loopback() && here.count(*ip) == 0) {
      ++live.diverted;
    } else if (has_port(live.ports, static_cast<std::uint16_t>(port))) {
      ++live.redirected;
    }
  }
}

// Deletes conntrack entries of UDP flows, as `conntrack -D` does: first lists all entries, then
// deletes those of diverted flows.
class DatagramFlows {
 public:
  explicit DatagramFlows(const Ports& ports) : ports_(ports), here_(addresses_here()) {}

  rules::Result<std::size_t> end() {
    const std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)> netlink(
        mnl_socket_open(NETLINK_NETFILTER), &mnl_socket_close);
    if (!netlink || mnl_socket_bind(netlink.get(), 0, MNL_SOCKET_AUTOPID) != 0) return failed();
    if (!ask(netlink.get(), IPCTNL_MSG_CT_GET, NLM_F_DUMP, nullptr)) return failed();
    std::size_t ended = 0;
    for (const auto& tuple : found_) {
      // Counts only entries that were deleted, since an entry may have expired meanwhile.
      if (ask(netlink.get(), IPCTNL_MSG_CT_DELETE, NLM_F_ACK, &tuple)) ++ended;
    }
    return ended;
  }

 private:
  // Identifies a conntrack entry: its address family, and a copy of its attribute CTA_TUPLE_ORIG.
  struct Original {
    std::uint8_t family;
    std::vector<char> bytes;
  };

  static tl::unexpected<rules::Error> failed() {
    auto error =
        system_error(rules::Origin::kInternal,
                     "the conntrack entries of redirected UDP flows cannot be deleted", errno);
    error.hint = "run `conntrack -D -p udp` as root, which deletes the entries of all UDP flows";
    return tl::unexpected(std::move(error));
  }

  bool ask(mnl_socket* netlink, std::uint16_t what, std::uint16_t flags, const Original* tuple) {
    alignas(nlmsghdr) std::array<char, 16'384> buffer{};
    auto* message = mnl_nlmsg_put_header(buffer.data());
    message->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | what);
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    message->nlmsg_seq = ++sequence_;
    auto* head = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
    head->nfgen_family = tuple != nullptr ? tuple->family : std::uint8_t{AF_UNSPEC};
    head->version = NFNETLINK_V0;
    if (tuple != nullptr) {
      mnl_attr_put(message, CTA_TUPLE_ORIG | NLA_F_NESTED, tuple->bytes.size(),
                   tuple->bytes.data());
    }
    if (mnl_socket_sendto(netlink, message, message->nlmsg_len) < 0) return false;
    int more = MNL_CB_OK;
    while (more > MNL_CB_STOP) {
      const auto got = mnl_socket_recvfrom(netlink, buffer.data(), buffer.size());
      if (got < 0) return false;
      more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(got), sequence_,
                        mnl_socket_get_portid(netlink), &DatagramFlows::on_entry, this);
    }
    return more == MNL_CB_STOP;
  }

  static int on_entry(const nlmsghdr* message, void* self) {
    static_cast<DatagramFlows*>(self)->look_at(message);
    return MNL_CB_OK;
  }

  void look_at(const nlmsghdr* message) {
    const auto* status = conntrack_attribute(message, CTA_STATUS);
    const auto* original = conntrack_attribute(message, CTA_TUPLE_ORIG);
    if (status == nullptr || original == nullptr) return;
    const auto* protocol =
        conntrack_attribute(conntrack_attribute(original, CTA_TUPLE_PROTO), CTA_PROTO_NUM);
    if (protocol == nullptr || mnl_attr_get_u8(protocol) != IPPROTO_UDP) return;
    const bool translated = (ntohl(mnl_attr_get_u32(status)) & IPS_DST_NAT) != 0;
    if (!is_let_go(original) && !(translated && is_redirected(message))) return;
    const auto* bytes = static_cast<const char*>(mnl_attr_get_payload(original));
    const auto* head = static_cast<const nfgenmsg*>(mnl_nlmsg_get_payload(message));
    found_.push_back({head->nfgen_family, {bytes, bytes + mnl_attr_get_payload_len(original)}});
  }

  // Whether the entry is in the conntrack zone kZone. Once the nftables rules that set the zone are
  // gone, the entry would conflict with a new entry of the same flow.
  static bool is_let_go(const nlattr* original) {
    const auto* zone = conntrack_attribute(original, CTA_TUPLE_ZONE);
    return zone != nullptr && ntohs(mnl_attr_get_u16(zone)) == kZone;
  }

  // Whether the flow was redirected to a listener, which is then the source of its replies.
  bool is_redirected(const nlmsghdr* message) const {
    const auto from = address_in(conntrack_attribute(message, CTA_TUPLE_REPLY), TupleEnd::kSource);
    if (!from || !has_port(ports_, from->port())) return false;
    return from->ip()->is_loopback() || here_.count(*from->ip()) > 0;
  }

  const Ports& ports_;
  const std::set<IpAddress> here_;
  unsigned sequence_ = 0;
  std::vector<Original> found_;
};

}  // namespace

std::vector<std::uint16_t> ports_in_force() {
  const auto text = ask_nft("list set inet brownout_intercept ports\n");
  if (!text) return {};
  const auto document = nlohmann::json::parse(*text, nullptr, false);
  Ports ports;
  if (!document.is_object() || !document.contains("nftables")) return {};
  for (const auto& item : document["nftables"]) {
    if (!item.is_object() || !item.contains("set") || !item["set"].contains("elem")) continue;
    for (const auto& port : item["set"]["elem"]) {
      if (port.is_number_unsigned()) ports.push_back(port.get<std::uint16_t>());
    }
  }
  return ports;
}

LiveConnections live_connections(std::vector<std::uint16_t> ports) {
  LiveConnections live{.ports = std::move(ports)};
  if (live.ports.empty()) return live;
  const auto here = addresses_here();
  for (const auto* path : {"/proc/net/tcp", "/proc/net/tcp6"}) count_connections(path, here, live);
  return live;
}

rules::Result<std::size_t> end_datagram_flows(const std::vector<std::uint16_t>& ports) {
  return DatagramFlows(ports).end();
}

}  // namespace brownout::proxy
