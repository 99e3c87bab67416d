// Worker: one thread with one event loop, which serves a share of all flows (connections, UDP
// sessions, DNS queries). On the data path, workers share only the counters and rate limiters of
// rules, which are atomic.
//
// Each worker has its own socket for every listener (SO_REUSEPORT). The kernel distributes
// connections by hash, unevenly if they are few. A worker with clearly more open flows than another
// therefore hands new ones over.
//
// Public functions are for the control thread; they take effect in the next iteration of the
// worker's event loop.
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/engine/lag_meter.h"
#include "proxy/engine/options.h"
#include "proxy/flow/acceptor.h"
#include "proxy/flow/flow.h"
#include "proxy/flow/service.h"
#include "proxy/http/http_flow.h"
#include "proxy/net/datagrams.h"
#include "proxy/net/port.h"
#include "proxy/net/syn_filter.h"
#include "proxy/observe/why_ring.h"
#include "rules/base/shared_map.h"

namespace brownout::proxy {

struct UpstreamView {
  rules::Upstream config;
  std::shared_ptr<const tls::ClientContext> tls;  // null for servers without TLS
  std::shared_ptr<ServerStates> states;
};

// The configuration that the control thread gives to all workers. A snapshot never changes.
struct Snapshot {
  std::shared_ptr<const rules::RuleSet> rules;
  rules::SharedMap<std::shared_ptr<const ListenerView>> listeners;
  rules::SharedMap<std::shared_ptr<const UpstreamView>> upstreams;
  // Names of listeners and upstreams that differ from the previous snapshot. Without a value, all
  // may differ.
  std::optional<std::vector<std::string>> changed;
};

class Worker final : private HttpHost {
 public:
  // `index`: number of the worker, from 0.
  Worker(const EngineOptions& options, std::size_t index);
  ~Worker() override;

  // Gives the worker all workers of the process, including itself. Call before start().
  void set_team(std::vector<Worker*> team) { team_ = std::move(team); }
  // Starts the thread, with this configuration.
  void start(std::shared_ptr<const Snapshot> snapshot);
  // Applies a new configuration, also to open flows.
  void apply(std::shared_ptr<const Snapshot> snapshot);
  // Asks clients to close their connections, if their protocol can express it. Call before the
  // proxy ends.
  void drain();
  // Starts to serve `sockets`. `lease` keeps their registration at the SynGate; it is destroyed
  // before the sockets are closed.
  void open(std::string listener, PortSockets sockets, std::shared_ptr<void> lease);
  // Closes the worker's sockets of a listener. Open connections continue.
  void close(std::string listener);
  // Makes connects to a listener hang, by keeping its accept queue full (FullQueue). If `ports` is
  // null, ends this.
  void hang(std::string listener, std::shared_ptr<FillerPorts> ports);
  // Resets the live connections of a listener and ends its UDP sessions.
  void cut(std::string listener);
  // Lists connections and sessions that match the query.
  std::future<FlowList> list(FlowQuery query);
  // Returns the latest actions of rules, unsorted.
  std::future<WhyList> why(WhyQuery query);
  // Resets one flow. The result is false if the listener has no such flow.
  std::future<bool> cut(std::string listener, std::uint64_t ordinal);
  // Returns when all tasks posted so far are done, and their sockets are closed.
  void wait();
  // Ends all flows and joins the thread.
  void stop();

  std::int64_t open_flows() const { return open_.load(std::memory_order_relaxed); }
  std::size_t held() const { return held_.load(std::memory_order_relaxed); }
  const rules::SharedHistogram& lag() const { return lag_.histogram(); }
  std::uint64_t bytes(rules::Direction direction) const {
    return bytes_[static_cast<std::size_t>(direction)].load(std::memory_order_relaxed);
  }

 private:
  // Overrides of HttpHost.
  Loop& loop() override { return loop_; }
  Resolver& resolver() override { return *resolver_; }
  Interception& interception() override { return *interception_; }
  const rules::RuleSet& rules() override { return *snapshot_->rules; }
  void record(const rules::FlowFacts& flow, const rules::Rule& rule, rules::Direction direction,
              const rules::Note& note) override;
  void flow_opened(const rules::FlowFacts& flow) override;
  void dial_stopped(const rules::FlowFacts& flow) override { flow_log_.add_stopped(flow); }
  void flow_closed(const rules::FlowFacts& flow) override { stream_.add(flow, "closed"); }
  bool watched() const override { return observer_ != nullptr || measure_; }
  void served(const rules::FlowFacts& flow, const Served& what) override;
  void turned(const rules::FlowFacts& flow, const Turned& what) override;
  void count_bytes(ListenerStats& listener, rules::Direction direction, std::size_t bytes) override;
  std::atomic<std::size_t>& held_bytes() override { return held_; }
  void buffer_full(const rules::Listener& listener) override;
  void flow_over(ClientFlow& flow) override;
  void take_over(HandOver client) override;
  ServerPool& server_pool() override { return server_pool_; }
  Http2Servers& http2_servers() override { return http2_servers_; }
  bool draining() const override { return draining_; }
  RequestCopies& request_copies() override { return request_copies_; }
  void report(const rules::FlowFacts& flow, std::string_view event, std::string_view why,
              bool warns) override;

  struct Listing;
  void list_some(std::shared_ptr<Listing> listing);
  struct Search;
  void search_some(std::shared_ptr<Search> search);
  void take_snapshot(std::shared_ptr<const Snapshot> snapshot);
  static bool same_tls(const UpstreamGroup& group, const UpstreamView& view);
  void follow_upstream(const std::string& name);
  void follow_listener(const std::string& name);
  void accepted(const Acceptor& acceptor, Fd fd, const SocketAddress& peer);
  bool queues(const ListenerView& view) const;
  std::unique_ptr<Acceptor> make_acceptor(const std::shared_ptr<const ListenerView>& view,
                                          Fd listening);
  std::unique_ptr<Service> make_service(std::shared_ptr<const ListenerView> view,
                                        PortSockets sockets);
  // Returns the servers of a listener; null for a DNS listener whose answers all come from a zone.
  std::shared_ptr<UpstreamGroup> group_of(const ListenerView& view) const;
  DatagramBatch& datagrams();
  bool find_destination(const Acceptor& acceptor, const Fd& fd, rules::FlowFacts& facts);
  // `port` is the local port at which the connection has arrived.
  // Sets facts.node if that is the port of a broker that the listener follows.
  std::shared_ptr<UpstreamGroup> group_for(const ListenerView& view, rules::FlowFacts& facts,
                                           std::uint16_t port);
  void follow_addresses(ClientFlow& flow);
  void serve(std::shared_ptr<const ListenerView> view, Fd fd, rules::FlowFacts facts,
             std::uint16_t port);
  void start_flow(HandOver client);
  Worker& least_loaded();
  void report_doubts();

  std::atomic<std::size_t> held_{0};  // declared first, since it must outlive all flows
  Loop loop_;
  std::unique_ptr<Resolver> resolver_;
  WhyRing why_;
  EventBuffer events_;
  EventBuffer flow_log_;
  EventBuffer stream_;
  FlowObserver* observer_;
  std::shared_ptr<Interception> interception_;
  std::size_t index_;
  bool measure_;
  LagMeter lag_{loop_};
  std::shared_ptr<const Snapshot> snapshot_;
  std::map<std::string, std::unique_ptr<Acceptor>> acceptors_;
  // Acceptors for additional ports of a listener, one for each broker of a cluster.
  std::map<std::string, std::vector<std::unique_ptr<Acceptor>>> broker_acceptors_;
  std::map<std::string, std::unique_ptr<Service>> services_;
  // registrations of the sockets of acceptors_ and services_; declared after them, so destroyed
  // first
  std::map<std::string, std::shared_ptr<void>> leases_;
  // buffers for datagrams, made when the first UDP or DNS listener opens
  std::unique_ptr<DatagramBatch> datagrams_;
  std::map<std::string, std::shared_ptr<UpstreamGroup>> groups_;
  ServerPool server_pool_{loop_};
  Http2Servers http2_servers_{loop_};
  RequestCopies request_copies_{*this};
  std::vector<std::unique_ptr<ClientFlow>> flows_;
  std::vector<Worker*> team_;
  bool draining_ = false;
  bool warned_buffer_ = false;
  bool warned_stray_ = false;
  alignas(64) std::atomic<std::int64_t> open_{0};
  std::array<std::atomic<std::uint64_t>, 2> bytes_{};
  std::thread thread_;
};

}  // namespace brownout::proxy
