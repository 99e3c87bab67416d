// End: the client-side or the server-side socket of a flow, with its readiness. epoll reports
// readiness only once (edge-triggered), so this object stores it until a call would block. Member
// of its flow; use only on the event loop's thread.
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
  bool peer_finished = false;  // a FIN or an error has arrived, perhaps behind unread bytes
  bool gone = false;  // the peer sent a RST, which a fault still withholds from the other end
  // Whether urgent data is in the stream. A read stops before urgent data, and splice(2) never
  // moves it.
  bool urgent = false;

 private:
  Owner& owner_;
};

}  // namespace brownout::proxy
