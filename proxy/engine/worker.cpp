#include "proxy/engine/worker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "proxy/dns/dns_server.h"
#include "proxy/flow/udp_server.h"
#include "proxy/loop/limited_log.h"
#include "rules/base/terminal_text.h"

namespace brownout::proxy {
namespace {

// A new connection goes to another worker if that worker has fewer open flows by more than this
// number. A hand-over wakes the other thread, so it does not pay for a small difference. Of 2, 3, 8
// and no hand-over, 8 gave the most connections and requests per second and the lowest p99 latency.
constexpr std::int64_t kImbalance = 8;

constexpr std::size_t kListedPerTurn = 256;
constexpr std::size_t kSearchedPerTurn = 256;

}  // namespace

Worker::Worker(const EngineOptions& options, std::size_t index)
    : resolver_(std::make_unique<Resolver>(loop_)),
      events_(options.events, loop_),
      flow_log_(options.flows, loop_),
      stream_(options.stream, loop_),
      observer_(options.observer),
      interception_(options.interception),
      index_(index),
      measure_(options.measure) {}

Worker::~Worker() { stop(); }

void Worker::start(std::shared_ptr<const Snapshot> snapshot) {
  take_snapshot(std::move(snapshot));
  if (measure_) lag_.start();
  thread_ = std::thread([this] { loop_.run(); });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
  // The worker's thread has ended, so the calling thread may destroy its objects.
  leases_.clear();
  acceptors_.clear();
  broker_acceptors_.clear();
  services_.clear();
  while (!flows_.empty()) flows_.back()->end(CloseMode::kReset);
  loop_.destroy_retired();
  report_doubts();
  events_.flush();
  flow_log_.flush();
  stream_.flush();
}

void Worker::wait() {
  std::promise<void> done;
  // Waits for two iterations of the event loop, since sockets are closed at the end of the first.
  loop_.post([this, &done] { loop_.post([&done] { done.set_value(); }); });
  done.get_future().wait();
}

void Worker::apply(std::shared_ptr<const Snapshot> snapshot) {
  loop_.post([this, snapshot = std::move(snapshot)] {
    take_snapshot(snapshot);
    // Goes backwards, since a flow that ends in apply() is removed from the list.
    for (auto i = flows_.size(); i > 0; --i) {
      if (i > flows_.size()) continue;
      follow_addresses(*flows_[i - 1]);
      flows_[i - 1]->apply(*snapshot_->rules);
    }
    for (const auto& [name, service] : services_) service->apply(*snapshot_->rules);
    for (const auto& [name, acceptor] : acceptors_) acceptor->turn_changed();
    for (const auto& [name, acceptors] : broker_acceptors_) {
      for (const auto& acceptor : acceptors) acceptor->turn_changed();
    }
  });
}

void Worker::drain() {
  loop_.post([this] {
    draining_ = true;
    for (auto i = flows_.size(); i > 0; --i) {
      if (i <= flows_.size()) flows_[i - 1]->drain();
    }
  });
}

void Worker::take_snapshot(std::shared_ptr<const Snapshot> snapshot) {
  snapshot_ = std::move(snapshot);
  warned_buffer_ = false;
  if (snapshot_->changed) {
    for (const auto& name : *snapshot_->changed) follow_upstream(name);
    for (const auto& name : *snapshot_->changed) follow_listener(name);
    return;
  }
  std::erase_if(groups_,
                [&](const auto& group) { return !snapshot_->upstreams.contains(group.first); });
  snapshot_->upstreams.for_each([&](const auto& name, const auto&) { follow_upstream(name); });
  snapshot_->listeners.for_each([&](const auto& name, const auto&) { follow_listener(name); });
}

// Whether the TLS settings and files of a group of servers are unchanged. If a certificate or CA
// has changed in its file, a new group is made for new connections.
bool Worker::same_tls(const UpstreamGroup& group, const UpstreamView& view) {
  if (!group.tls() || !view.tls) return !group.tls() && !view.tls;
  return group.tls() == view.tls || group.tls()->same_as(*view.tls);
}

void Worker::follow_upstream(const std::string& name) {
  const auto* upstream = snapshot_->upstreams.find(name);
  if (upstream == nullptr) {
    groups_.erase(name);
    return;
  }
  const auto& view = **upstream;
  auto& group = groups_[name];
  if (group && group->config() == view.config && same_tls(*group, view)) return;
  group = std::make_shared<UpstreamGroup>(view.config, snapshot_->rules->seed(), view.tls);
  group->tell(view.states);
}

void Worker::follow_listener(const std::string& name) {
  const auto* listener = snapshot_->listeners.find(name);
  if (listener == nullptr) return;
  const auto& view = *listener;
  const auto acceptor = acceptors_.find(name);
  if (acceptor != acceptors_.end()) acceptor->second->set_view(view);
  const auto brokers = broker_acceptors_.find(name);
  if (brokers != broker_acceptors_.end()) {
    for (const auto& some : brokers->second) some->set_view(view);
  }
  const auto service = services_.find(name);
  if (service != services_.end()) service->second->set_view(view, group_of(*view));
}

void Worker::hang(std::string listener, std::shared_ptr<FillerPorts> ports) {
  loop_.post([this, listener = std::move(listener), ports = std::move(ports)] {
    const auto acceptor = acceptors_.find(listener);
    if (acceptor != acceptors_.end()) acceptor->second->hang(ports);
  });
}

void Worker::cut(std::string listener) {
  loop_.post([this, listener = std::move(listener)] {
    for (auto i = flows_.size(); i > 0; --i) {
      if (i <= flows_.size() && flows_[i - 1]->facts().listener == listener) {
        flows_[i - 1]->end(CloseMode::kReset);
      }
    }
    const auto service = services_.find(listener);
    if (service != services_.end()) service->second->cut();
  });
}

struct Worker::Listing {
  FlowList list;
  std::size_t next = 0;
  std::promise<FlowList> answer;
};

std::future<FlowList> Worker::list(FlowQuery query) {
  auto listing = std::make_shared<Listing>();
  listing->list.query = std::move(query);
  auto future = listing->answer.get_future();
  loop_.post([this, listing = std::move(listing)] { list_some(listing); });
  return future;
}

// Lists some flows in each iteration of the event loop, so that traffic does not wait. If a flow
// ends meanwhile, others move within the list, and one may be missed.
void Worker::list_some(std::shared_ptr<Listing> listing) {
  auto& [list, next, answer] = *listing;
  const auto end = std::min(next + kListedPerTurn, flows_.size());
  for (; next < end; ++next) {
    if (list.wants(flows_[next]->facts())) list.flows.push_back(flows_[next]->status());
  }
  if (next < flows_.size()) return loop_.post([this, listing] { list_some(listing); });
  for (const auto& [name, service] : services_) service->list(list);
  answer.set_value(std::move(list));
}

struct Worker::Search {
  WhyQuery query;
  WhyList list = {};
  std::uint64_t next = 0;
  std::promise<WhyList> answer = {};
};

std::future<WhyList> Worker::why(WhyQuery query) {
  auto search = std::make_shared<Search>(Search{.query = std::move(query)});
  auto future = search->answer.get_future();
  loop_.post([this, search = std::move(search)] {
    search->next = why_.newest();
    search_some(search);
  });
  return future;
}

// Searches some entries of why_ in each iteration of the event loop, so that traffic does not wait.
// Entries that are overwritten meanwhile are left out.
void Worker::search_some(std::shared_ptr<Search> search) {
  auto& [query, list, next, answer] = *search;
  next = why_.look(query, next, kSearchedPerTurn, list);
  if (next > 0) return loop_.post([this, search] { search_some(search); });
  answer.set_value(std::move(list));
}

std::future<bool> Worker::cut(std::string listener, std::uint64_t ordinal) {
  auto answer = std::make_shared<std::promise<bool>>();
  auto future = answer->get_future();
  loop_.post([this, answer = std::move(answer), listener = std::move(listener), ordinal] {
    const auto found = std::find_if(flows_.begin(), flows_.end(), [&](const auto& flow) {
      return flow->facts().ordinal == ordinal && flow->facts().listener == listener;
    });
    // Compares the iterator before end(), which removes the flow from the list.
    const bool there = found != flows_.end();
    if (there) (*found)->end(CloseMode::kReset);
    const auto service = services_.find(listener);
    answer->set_value(there ||
                      (service != services_.end() && service->second->cut_session(ordinal)));
  });
  return future;
}

void Worker::accepted(const Acceptor& acceptor, Fd fd, const SocketAddress& peer) {
  const auto& view = acceptor.view();
  rules::FlowFacts facts{.listener = view->config.name,
                         .ordinal = view->stats->arrivals.fetch_add(1) + 1,
                         .client = peer.ip(),
                         .destination = std::nullopt,
                         .opened = Loop::now(),
                         .client_port = peer.port(),
                         .syn_sight = view->stats->syn_sight,
                         .packet_sight = view->stats->packet_sight};
  if (view->stats->syn_filtered) detach_filter(fd.get());
  if (!find_destination(acceptor, fd, facts)) return reset_on_close(fd);
  view->stats->open.fetch_add(1, std::memory_order_relaxed);
  // With a simulated accept queue, this worker serves the connection itself: the queue must count
  // it before the next accept.
  Worker& other = queues(*view) ? *this : least_loaded();
  other.open_.fetch_add(1, std::memory_order_relaxed);
  const auto port = acceptor.port();
  if (&other == this) return serve(view, std::move(fd), std::move(facts), port);
  other.loop_.post(
      [&other, view, shared = std::make_shared<Fd>(std::move(fd)), facts = std::move(facts),
       port]() mutable { other.serve(view, std::move(*shared), std::move(facts), port); });
}

Worker& Worker::least_loaded() {
  Worker* best = this;
  auto least = open_flows() - kImbalance;
  for (auto* worker : team_) {
    if (worker->open_flows() >= least) continue;
    least = worker->open_flows();
    best = worker;
  }
  return *best;
}

void Worker::serve(std::shared_ptr<const ListenerView> view, Fd fd, rules::FlowFacts facts,
                   std::uint16_t port) {
  auto group = group_for(*view, facts, port);
  // A reload has removed the listener's upstream since the accept, or no broker is assigned to the
  // port. Acts as if the port were closed.
  if (!group && view->config.protocol != rules::Protocol::kProxy) {
    reset_on_close(fd);
    open_.fetch_sub(1, std::memory_order_relaxed);
    view->stats->open.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  auto first = view->outside ? view->outside : std::move(view);
  start_flow({.listener = std::move(first),
              .group = std::move(group),
              .client = Stream(std::move(fd)),
              .facts = std::move(facts)});
}

void Worker::take_over(HandOver client) {
  open_.fetch_add(1, std::memory_order_relaxed);
  client.listener->stats->open.fetch_add(1, std::memory_order_relaxed);
  start_flow(std::move(client));
}

void Worker::start_flow(HandOver client) {
  if (client.target || client.listener->config.protocol.has_requests()) {
    flows_.push_back(std::make_unique<HttpFlow>(static_cast<HttpHost&>(*this), std::move(client)));
  } else {
    flows_.push_back(std::make_unique<Flow>(static_cast<FlowHost&>(*this), std::move(client)));
  }
  flows_.back()->index = flows_.size() - 1;
  flows_.back()->start();
}

void Worker::flow_over(ClientFlow& flow) {
  open_.fetch_sub(1, std::memory_order_relaxed);
  flow.stats().open.fetch_sub(1, std::memory_order_relaxed);
  const auto index = flow.index;
  std::swap(flows_[index], flows_.back());
  flows_[index]->index = index;
  loop_.retire(std::move(flows_.back()));
  flows_.pop_back();
}

}  // namespace brownout::proxy
