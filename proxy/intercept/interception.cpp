#include "proxy/intercept/interception.h"

#include <sys/socket.h>

#include <cerrno>
#include <mutex>
#include <unordered_map>

#include "proxy/intercept/gateway.h"

namespace brownout::proxy {

// Records outgoing connections of a process that may not set SO_MARK. If the nftables rules
// intercept its own user, these connections return to the listener, and each would cause another
// dial.
class OwnDials {
 public:
  Dialled dial(const SocketAddress& server, Fd fd) {
    // Locks before connect(2), since another thread may accept the connection before connect(2)
    // returns.
    const std::lock_guard lock(mutex_);
    auto dialled = start_dial(server, std::move(fd));
    if (dialled.fd && dialled.error == 0) {
      by_port_[own_address(dialled.fd).port()] = dialled.fd.get();
    }
    return dialled;
  }

  // Whether this process has made the connection. Compares both addresses, since the descriptor may
  // have been reused for another connection.
  bool has(const SocketAddress& client, const SocketAddress& destination) const;

 private:
  mutable std::mutex mutex_;
  // by local port, the descriptor of the latest connection made from that port
  std::unordered_map<std::uint16_t, int> by_port_;
};

namespace {

// Sets kMark on a socket, so that the nftables rules of `brownout intercept` do not redirect it.
// Returns false without the privilege to do so.
bool mark(const Fd& fd) {
  return fd && setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &kMark, sizeof kMark) == 0;
}

bool same_end(const SocketAddress& a, const SocketAddress& b) {
  return a.port() == b.port() && a.ip() == b.ip();
}

SocketAddress peer_of(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (getpeername(fd, address.get(), &address.length) != 0) address = {};
  return address;
}

class MarkedRoute final : public Route {
 public:
  explicit MarkedRoute(std::shared_ptr<OwnDials> unmarked) : unmarked_(std::move(unmarked)) {}

  Dialled dial(const SocketAddress& server) const override {
    auto fd = stream_socket(server);
    if (mark(fd)) return start_dial(server, std::move(fd));
    return unmarked_->dial(server, std::move(fd));
  }
  // Connects a UDP socket. Without the privilege to set kMark on it, its datagrams might be
  // redirected to the listener again. That does no harm: without this privilege conntrack cannot be
  // read either, so redirected datagrams are refused.
  Fd connect_datagrams(const SocketAddress& server) const override {
    auto fd = datagram_socket(server);
    mark(fd);
    return proxy::connect_datagrams(server, std::move(fd));
  }

 private:
  std::shared_ptr<OwnDials> unmarked_;
};

// Connects to servers from the client's own address. The server's replies pass through this
// machine, where the tproxy rules of `intercept apply` give them to the socket.
class SpoofingRoute final : public Route {
 public:
  explicit SpoofingRoute(const IpAddress& client) : client_(client) {}

  Dialled dial(const SocketAddress& server) const override {
    auto fd = stream_socket(server);
    mark(fd);
    const auto from = SocketAddress::of(client_, 0);
    if (!fd || !make_transparent(fd) || bind(fd.get(), from.get(), from.length) != 0) {
      Dialled failed;
      failed.error = errno;
      return failed;
    }
    return start_dial(server, std::move(fd));
  }

 private:
  IpAddress client_;
};

}  // namespace

bool OwnDials::has(const SocketAddress& client, const SocketAddress& destination) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_port_.find(client.port());
  if (found == by_port_.end()) return false;
  SocketAddress own;
  own.length = sizeof own.storage;
  return getsockname(found->second, own.get(), &own.length) == 0 && same_end(own, client) &&
         same_end(peer_of(found->second), destination);
}

Interception::Interception()
    : own_dials_(std::make_shared<OwnDials>()), route_(std::make_shared<MarkedRoute>(own_dials_)) {
  if (auto conntrack = Conntrack::open()) conntrack_ = std::move(*conntrack);
}

Interception::Interception(std::shared_ptr<const Route> route, std::unique_ptr<RawDatagrams> raw)
    : route_(std::move(route)), raw_(std::move(raw)), own_network_(true) {}

Interception::~Interception() = default;

const RawDatagrams* Interception::rejecter() const {
  if (raw_) return raw_.get();
  std::call_once(rejecter_made_, [this] { rejecter_ = RawDatagrams::here(); });
  return rejecter_.get();
}

void Interception::fill(rules::FlowFacts& flow, const SocketAddress& destination) const {
  flow.intercepted = true;
  flow.destination = destination.ip();
  flow.destination_port = destination.port();
  flow.names = names_.names_of(*flow.destination);
}

ArrivalKind Interception::resolve_original_destination(rules::FlowFacts& flow, const Fd& accepted,
                                                       rules::Intercept how,
                                                       std::uint16_t port) const {
  const auto destination =
      original_destination(accepted, own_network_ ? rules::Intercept::kTproxy : how, port);
  if (!destination) return ArrivalKind::kStray;
  if (own_dials_ && own_dials_->has(peer_of(accepted.get()), *destination)) {
    return ArrivalKind::kOwnDial;
  }
  fill(flow, *destination);
  return ArrivalKind::kDiverted;
}

bool Interception::resolve_datagram_destination(rules::FlowFacts& flow, const SocketAddress& client,
                                                const Fd& socket, const LocalAddress& local) const {
  const auto at = received_at(socket, local);
  if (own_network_) {
    if (at.port() == own_address(socket).port()) return false;
    fill(flow, at);
    return true;
  }
  if (!conntrack_) return false;
  const auto destination = conntrack_->destination_of(client, at);
  if (!destination || (destination->ip() == at.ip() && destination->port() == at.port())) {
    return false;
  }
  fill(flow, *destination);
  return true;
}

std::shared_ptr<UpstreamGroup> Interception::group_of(const rules::FlowFacts& flow,
                                                      std::uint64_t seed, bool spoof_client) const {
  const Endpoint destination{to_text(*flow.destination), flow.destination_port, ""};
  auto route = spoof_client && flow.client ? std::make_shared<SpoofingRoute>(*flow.client) : route_;
  return UpstreamGroup::to({destination}, seed, std::move(route));
}

}  // namespace brownout::proxy
