// The part of Worker that opens and closes ports, and finds the servers of the connections that
// arrive at them.
#include <spdlog/spdlog.h>

#include <utility>

#include "proxy/dns/dns_server.h"
#include "proxy/engine/worker.h"
#include "proxy/flow/udp_server.h"
#include "rules/base/terminal_text.h"

namespace brownout::proxy {

void Worker::open(std::string listener, PortSockets sockets, std::shared_ptr<void> lease) {
  loop_.post([this, listener = std::move(listener),
              shared = std::make_shared<PortSockets>(std::move(sockets)),
              lease = std::move(lease)]() mutable {
    const auto* found = snapshot_->listeners.find(listener);
    if (found == nullptr) return;
    const auto& view = *found;
    leases_[listener] = std::move(lease);
    if (!view->config.protocol.is_connections()) {
      services_[listener] = make_service(view, std::move(*shared));
      return;
    }
    acceptors_[listener] = make_acceptor(view, std::move(shared->stream));
    for (auto& socket : shared->brokers)
      broker_acceptors_[listener].push_back(make_acceptor(view, std::move(socket)));
  });
}

std::unique_ptr<Acceptor> Worker::make_acceptor(const std::shared_ptr<const ListenerView>& view,
                                                Fd listening) {
  return std::make_unique<Acceptor>(
      loop_, view, std::move(listening),
      [this](Acceptor& acceptor, Fd accepted_fd, const SocketAddress& peer) {
        accepted(acceptor, std::move(accepted_fd), peer);
      },
      [this](const ListenerView& settings) {
        return queues(settings) ? snapshot_->rules->next_accept(settings.config.name, Loop::now())
                                : Instant::min();
      });
}

// Whether a rule may keep connections in the kernel's accept queue. Not possible where the client's
// first bytes are needed before rules can be applied.
bool Worker::queues(const ListenerView& view) const {
  const auto& config = view.config;
  const bool speaks_first =
      config.proxy_protocol || config.protocol == rules::Protocol::kProxy || view.expects_hello();
  return snapshot_->rules->any_queues_accepts() && !speaks_first;
}

std::unique_ptr<Service> Worker::make_service(std::shared_ptr<const ListenerView> view,
                                              PortSockets sockets) {
  auto group = group_of(*view);
  if (view->config.protocol == rules::Protocol::kDns) {
    return std::make_unique<DnsServer>(static_cast<Host&>(*this), datagrams(), std::move(view),
                                       std::move(group), std::move(sockets));
  }
  return std::make_unique<UdpServer>(static_cast<Host&>(*this), datagrams(), std::move(view),
                                     std::move(group), std::move(sockets.datagram));
}

std::shared_ptr<UpstreamGroup> Worker::group_of(const ListenerView& view) const {
  const auto found = groups_.find(view.config.upstream);
  return found == groups_.end() ? nullptr : found->second;
}

DatagramBatch& Worker::datagrams() {
  if (!datagrams_) datagrams_ = std::make_unique<DatagramBatch>();
  return *datagrams_;
}

void Worker::close(std::string listener) {
  loop_.post([this, listener = std::move(listener)] {
    leases_.erase(listener);
    const auto close_in = [&](auto& map) {
      const auto found = map.find(listener);
      if (found == map.end()) return;
      loop_.retire(std::move(found->second));
      map.erase(found);
    };
    close_in(acceptors_);
    close_in(services_);
    for (auto& acceptor : std::exchange(broker_acceptors_[listener], {}))
      loop_.retire(std::move(acceptor));
    broker_acceptors_.erase(listener);
  });
}

// Stores the original destination of an intercepted client in `facts`. Returns false if it is
// unknown.
bool Worker::find_destination(const Acceptor& acceptor, const Fd& fd, rules::FlowFacts& facts) {
  const auto& view = *acceptor.view();
  const auto how = view.config.intercept;
  if (how == rules::Intercept::kNone) return true;
  const auto arrival = interception_->resolve_original_destination(facts, fd, how, acceptor.port());
  if (arrival == ArrivalKind::kDiverted) return true;
  view.stats->refused.fetch_add(1, std::memory_order_relaxed);
  if (std::exchange(warned_stray_, true)) return false;
  if (arrival == ArrivalKind::kOwnDial) {
    spdlog::error(
        "listener {}: connections that Brownout opens to servers are redirected back to Brownout, "
        "and are refused: `brownout intercept` selects the user that Brownout runs as, and "
        "Brownout may not mark its sockets; run Brownout as another user, or with the capability "
        "CAP_NET_ADMIN",
        view.config.name);
    return false;
  }
  spdlog::warn(
      "listener {}: refused a client that connected directly: this listener serves only "
      "connections that the kernel redirects (see `brownout intercept`); let such clients connect "
      "to a [[listener]] without intercept",
      rules::printable(view.config.name));
  return false;
}

std::shared_ptr<UpstreamGroup> Worker::group_for(const ListenerView& view, rules::FlowFacts& facts,
                                                 std::uint16_t port) {
  const auto& followed = view.config.rewrite.followed();
  if (followed.owns(port)) {
    const auto broker = followed.server_at(port);
    const auto group = group_of(view);
    if (!broker || !group) return nullptr;
    facts.node = broker->node;
    return UpstreamGroup::only(*group, broker->address);
  }
  if (!facts.intercepted) return group_of(view);
  return interception_->group_of(facts, snapshot_->rules->seed(), view.config.spoof_client);
}

// Lets a connection tell its client the present addresses of the listener for servers.
void Worker::follow_addresses(ClientFlow& flow) {
  const auto* view = snapshot_->listeners.find(flow.facts().listener);
  if (view == nullptr || (*view)->config.protocol != flow.listener().protocol) return;
  const auto& now = (*view)->config.rewrite;
  if (!now.empty() || !flow.listener().rewrite.empty()) flow.set_rewrite(now);
}

}  // namespace brownout::proxy
