// One request to the kernel's routing (rtnetlink(7)): built, sent, and answered with an errno.
#pragma once

#include <array>
#include <cstdint>

#include "proxy/net/socket.h"

namespace brownout::proxy {

class RouteMessage {
 public:
  // `type` is RTM_...; to add something that is there already is EEXIST.
  RouteMessage(std::uint16_t type, bool add);

  // The head that the type wants, zeroed; before any attribute.
  template <class Head>
  Head& head() {
    return *static_cast<Head*>(put_head(sizeof(Head)));
  }
  void put(std::uint16_t attribute, std::uint32_t value);
  void put(std::uint16_t attribute, const IpAddress& address);
  // 0, or an errno.
  int send();

 private:
  void* put_head(std::size_t size);

  alignas(8) std::array<char, 512> bytes_{};
};

}  // namespace brownout::proxy
