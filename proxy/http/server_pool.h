// ServerPool: connections to servers between two clients, kept open for a while so that the next
// client need not dial. One a worker. Loop's thread only.
//
// A connection that its server closes, or sends something on, leaves the pool.
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

  // It is in the poller, and quiet.
  void put(const std::shared_ptr<UpstreamGroup>& group, const SocketAddress& server, Stream stream);
  // The one that was used last, still in the poller; or none.
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
