// ServerPool: keeps idle keep-alive connections to servers, so that the next client need not dial.
// One per worker; loop's thread only.
//
// A connection is removed when its server closes it or sends something.
#pragma once

#include <memory>
#include <vector>

#include "proxy/loop/loop.h"
#include "proxy/net/socket.h"
#include "proxy/net/stream.h"
#include "proxy/net/upstream_group.h"

namespace brownout::proxy {

class ServerPool final : private Deadline {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr Duration kLongest = std::chrono::seconds(15);

  explicit ServerPool(Loop& loop) : loop_(loop) {}
  ~ServerPool() override;

  // `stream` must be idle and in the poller.
  void put(const std::shared_ptr<UpstreamGroup>& group, const SocketAddress& server, Stream stream);
  // The most recently used connection to `server`, still in the poller; null if there is none.
  Stream take(const UpstreamGroup& group, const SocketAddress& server);

 private:
  struct Idle final : Ready, Retirable {
    void on_ready(std::uint32_t) noexcept override { pool->lost(*this); }

    ServerPool* pool = nullptr;
    std::shared_ptr<UpstreamGroup> group;
    SocketAddress server;
    Stream stream;
    Instant since{};
  };

  void lost(Idle& idle);
  void remove(std::size_t index);
  void on_due(Instant now) noexcept override;

  Loop& loop_;
  std::vector<std::unique_ptr<Idle>> idle_;  // oldest first
};

}  // namespace brownout::proxy
