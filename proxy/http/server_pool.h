// ServerPool: keeps idle keep-alive connections to servers, so that the next client needs no new
// connection. A connection is removed when its server closes it or sends something, or after
// kLongest. At most kMost connections are kept; beyond that, the one that is idle longest is
// removed. Each worker owns one; use only on the event loop's thread.
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

  // Adds a connection. `stream` must be idle and registered in the poller.
  void put(const std::shared_ptr<UpstreamGroup>& group, const SocketAddress& server, Stream stream);
  // Returns the most recently used connection to `server`, still registered in the poller. Null if
  // the pool has no such connection.
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
  std::vector<std::unique_ptr<Idle>> idle_;  // connections; the one that is idle longest is first
};

}  // namespace brownout::proxy
