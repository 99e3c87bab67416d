// SynGate drops SYNs in the kernel, so that clients' connects hang as if the packets were lost on
// the way. It attaches filters to listening sockets, or uses nftables, as the rules demand
// (rules/engine/syn_plan.h).
//
// The control thread registers sockets and calls follow(); the filters are in place when follow()
// returns. A worker calls names_changed() when a DNS answer has a new name, before the client gets
// the answer. Any thread may end a registration. One lock protects everything, since no function is
// called for each connection.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "proxy/engine/packet_table.h"
#include "proxy/flow/host.h"
#include "proxy/net/name_memory.h"
#include "proxy/net/port.h"
#include "proxy/net/syn_filter.h"

namespace brownout::proxy {

class SynGate {
 public:
  struct Listening {
    rules::SynListener facts;
    std::shared_ptr<ListenerStats> stats;
    bool silent = false;  // whether datagrams are discarded, too
    PacketArrival arrival = PacketArrival::kDirect;
  };
  // The number of SYNs and datagrams that the kernel dropped or rejected since the last report.
  struct Loss {
    std::string listener;
    rules::RuleRef rule;
    std::uint64_t count = 0;
    std::uint64_t total = 0;  // at this listener, since it has been filtered
  };

  SynGate(const NameMemory& names, std::shared_ptr<PacketFilter> filter)
      : names_(names), filter_(std::move(filter)), packets_(filter_) {}

  // Registers the sockets of a listener until the returned object is destroyed, and filters them as
  // the rules require. Destroy the object before the sockets are closed.
  [[nodiscard]] std::shared_ptr<void> add(const std::string& listener, const PortSockets& sockets);
  // Whether the kernel lets this process attach filters to sockets of its own network namespace.
  bool works() const { return works_; }
  // Whether nftables can be used in the network namespace where packets arrive. The first call
  // tries it.
  bool packets_work();
  // Applies these rules to the sockets of all listeners, and returns the counts since the last
  // call. Lowers `next` to the time at which follow() must be called again.
  std::vector<Loss> follow(std::shared_ptr<const rules::RuleSet> rules,
                           const std::vector<Listening>& listeners, Instant now, Instant& next);
  // Call when a host name has got a new address. Any thread.
  void names_changed();
  // Whether no rule drops or rejects SYNs, so that follow() need not be called.
  bool idle() const;

 private:
  struct Socket {
    int number = -1;
    std::uint32_t discarded = 0;  // the kernel's count when it was read last
  };
  struct Port {
    rules::SynListener facts;
    std::shared_ptr<ListenerStats> stats = {};
    rules::SynPlan plan = {};
    SynProgram program = {};
    std::vector<Socket> sockets = {};
    std::vector<int> datagrams = {};
    bool silent = false;
    std::uint64_t uncounted = 0;  // lost SYNs that follow() has not reported yet
    std::uint64_t total = 0;
    bool complained = false;
    // How nftables recognizes the listener's packets, and its rules for them; no value without a
    // socket.
    std::optional<PacketPort> packets = {};
  };

  void remove(const std::string& listener, int stream, int datagram);
  void update(Port& port, Instant now);
  void put_packets(Instant now);
  void refuse_packets(const Error& error);
  void attach(Port& port, SynProgram program);
  void refuse(Port& port, int error);
  static void silence(Port& port, bool silent);
  static void count(Port& port);
  std::vector<Loss> losses();

  const bool works_ = kernel_filters_sockets();
  const NameMemory& names_;
  const std::shared_ptr<PacketFilter> filter_;
  PacketTable packets_;
  std::optional<bool> packets_work_;
  mutable std::mutex mutex_;
  std::shared_ptr<const rules::RuleSet> rules_;
  std::map<std::string, Port> ports_;
};

}  // namespace brownout::proxy
