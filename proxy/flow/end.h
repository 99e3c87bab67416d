// End: one of the two sockets of a flow, with the readiness that epoll has reported for it
// (edge-triggered, so it is kept until a call would block). Owned by its flow; loop's thread only.
#pragma once

#include <cstdint>

#include "proxy/loop/poller.h"
#include "proxy/net/stream.h"

namespace brownout::proxy {

struct End final : Ready {
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_end_ready(End& end, std::uint32_t events) noexcept = 0;
  };
  explicit End(Owner& owner) : owner_(owner) {}
  void on_ready(std::uint32_t events) noexcept override { owner_.on_end_ready(*this, events); }

  Stream stream;
  bool readable = false;
  bool writable = false;
  bool peer_finished = false;  // FIN or an error has arrived; unread bytes may precede it
  bool gone = false;           // reset by its peer, while a fault withholds the reset
  // Urgent data is in the stream. A read stops before the urgent data, and splice(2) never moves
  // it.
  bool urgent = false;

 private:
  Owner& owner_;
};

}  // namespace brownout::proxy
