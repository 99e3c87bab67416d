#include "proxy/intercept/interception.h"

#include <sys/socket.h>

#include <cerrno>

#include "proxy/intercept/gateway.h"

namespace brownout::proxy {
namespace {

// A socket that the rules of `brownout intercept` leave alone, if this process may say so.
Fd marked(Fd fd) {
  if (fd) setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &kMark, sizeof kMark);
  return fd;
}

class MarkedRoute final : public Route {
 public:
  Dialled dial(const SocketAddress& server) const override {
    return start_dial(server, marked(stream_socket(server)));
  }
  Fd connect_datagrams(const SocketAddress& server) const override {
    return proxy::connect_datagrams(server, marked(datagram_socket(server)));
  }
};

// Under the client's own address: the server's answers to it come through this machine, where the
// rules of `intercept apply` for tproxy hand them to the socket.
class SpoofingRoute final : public Route {
 public:
  explicit SpoofingRoute(const IpAddress& client) : client_(client) {}

  Dialled dial(const SocketAddress& server) const override {
    auto fd = marked(stream_socket(server));
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

Interception::Interception() : route_(std::make_shared<MarkedRoute>()) {
  if (auto conntrack = Conntrack::open()) conntrack_ = std::move(*conntrack);
}

void Interception::fill(rules::FlowFacts& flow, const SocketAddress& destination) const {
  flow.intercepted = true;
  flow.destination = destination.ip();
  flow.destination_port = destination.port();
  flow.names = names_.names_of(*flow.destination);
}

bool Interception::meet(rules::FlowFacts& flow, const Fd& accepted, rules::Intercept how,
                        std::uint16_t port) const {
  const auto destination =
      original_destination(accepted, own_network_ ? rules::Intercept::kTproxy : how, port);
  if (destination) fill(flow, *destination);
  return destination.has_value();
}

bool Interception::meet_datagram(rules::FlowFacts& flow, const SocketAddress& client,
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
