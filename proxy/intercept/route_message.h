// RouteMessage is one request to the kernel's routing tables (rtnetlink(7)). send() blocks until
// the kernel's reply.
#pragma once

#include <array>
#include <cstdint>

#include "proxy/net/socket.h"

namespace brownout::proxy {

class RouteMessage {
 public:
  // `type` is a constant RTM_... of rtnetlink(7). With `add`, send() fails with EEXIST if the entry
  // exists already.
  RouteMessage(std::uint16_t type, bool add);

  // Adds the header that belongs to the message's type, filled with zeros. Call before put().
  template <class Head>
  Head& head() {
    return *static_cast<Head*>(put_head(sizeof(Head)));
  }
  void put(std::uint16_t attribute, std::uint32_t value);
  void put(std::uint16_t attribute, const IpAddress& address);
  // Sends the request and waits for the kernel's reply. Returns 0 or an errno.
  int send();

 private:
  void* put_head(std::size_t size);

  alignas(8) std::array<char, 512> bytes_{};
};

}  // namespace brownout::proxy
