#include "proxy/intercept/interception.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>

namespace brownout::proxy {
namespace {

// Under the client's own address: the server's answers come back to it through this machine, whose
// rules must send them here (intercept apply --spoof).
class SpoofingRoute final : public Route {
 public:
  explicit SpoofingRoute(const IpAddress& client) : client_(client) {}

  Dialled dial(const SocketAddress& server) const override {
    Dialled dialled;
    const int family = server.storage.ss_family;
    dialled.fd = Fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const bool v4 = family == AF_INET;
    const int one = 1;
    const auto from = SocketAddress::of(client_, 0);
    if (!dialled.fd ||
        setsockopt(dialled.fd.get(), v4 ? SOL_IP : SOL_IPV6, v4 ? IP_TRANSPARENT : IPV6_TRANSPARENT,
                   &one, sizeof one) != 0 ||
        bind(dialled.fd.get(), from.get(), from.length) != 0) {
      dialled.error = errno;
      return dialled;
    }
    set_option(dialled.fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (connect(dialled.fd.get(), server.get(), server.length) == 0) {
      dialled.connected = true;
    } else if (errno != EINPROGRESS) {
      dialled.error = errno;
    }
    return dialled;
  }

 private:
  IpAddress client_;
};

}  // namespace

Interception::Interception() {
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
                                 const SocketAddress& local) const {
  if (!conntrack_) return false;
  const auto destination = conntrack_->destination_of(client, local);
  if (!destination || (destination->ip() == local.ip() && destination->port() == local.port())) {
    return false;
  }
  fill(flow, *destination);
  return true;
}

std::shared_ptr<UpstreamGroup> Interception::group_of(const rules::FlowFacts& flow,
                                                      std::uint64_t seed, bool spoof_client) const {
  const Endpoint destination{to_text(*flow.destination), flow.destination_port, ""};
  auto route = spoof_client && flow.client ? std::make_shared<SpoofingRoute>(*flow.client) : route_;
  return UpstreamGroup::to(destination, seed, std::move(route));
}

}  // namespace brownout::proxy
