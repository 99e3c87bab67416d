#include "proxy/control/strangers.h"

#include <algorithm>

namespace brownout::proxy {
namespace {

// Number of the first bytes by which IPv6 clients are told apart: a client usually has a whole /64
// network (RFC 4291, section 2.5.4).
constexpr std::size_t kNetworkBytes = 8;

}  // namespace

void Strangers::add(int connection, rules::IpAddress from) {
  if (!from.is_v4()) std::fill(from.bytes.begin() + kNetworkBytes, from.bytes.end(), 0);
  const auto number = ++numbers_;
  by_address_[from][number] = connection;
  found_[connection] = {from, number};
}

void Strangers::remove(int connection) {
  const auto found = found_.find(connection);
  if (found == found_.end()) return;
  const auto of_address = by_address_.find(found->second.from);
  of_address->second.erase(found->second.number);
  if (of_address->second.empty()) by_address_.erase(of_address);
  found_.erase(found);
}

int Strangers::first_to_go() const {
  // If several addresses have the most connections, takes the one whose oldest connection arrived
  // first.
  const auto most =
      std::max_element(by_address_.begin(), by_address_.end(), [](const auto& a, const auto& b) {
        if (a.second.size() != b.second.size()) return a.second.size() < b.second.size();
        return a.second.begin()->first > b.second.begin()->first;
      });
  return most == by_address_.end() ? -1 : most->second.begin()->second;
}

}  // namespace brownout::proxy
