// End: one of the two sockets of a flow, and what the kernel has said of it (edge-triggered).
// Loop's thread only; owned by its flow.
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
  bool peer_finished = false;  // FIN or worse has arrived; there may be bytes before it
  bool gone = false;           // reset, while that must not be passed on yet
  // Urgent data is in the stream: reading stops short of it, and splice(2) never passes it.
  bool urgent = false;

 private:
  Owner& owner_;
};

}  // namespace brownout::proxy
