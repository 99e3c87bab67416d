// SynGate keeps the kernel's filters of SYNs on the listening sockets as the rules require, so that
// connects hang while a rule loses their SYNs (rules/engine/syn_plan.h).
//
// The control thread registers sockets and calls follow(), so that the filters are there when it
// goes on. A worker tells when a DNS answer has brought a new name, so that the filter is there
// before the client reads the answer; workers also end registrations. A lock protects everything:
// no function is called for each connection.
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
  // SYNs and datagrams that the kernel discarded or answered since the last report.
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
  // Whether the kernel has such filters for this process, for sockets of its own network.
  bool works() const { return works_; }
  // Whether nftables can be used where packets arrive. Tries it at the first call.
  bool packets_work();
  // Filters the sockets of all listeners by these rules, now. `next` is set to the time of the next
  // call, if that is earlier.
  std::vector<Loss> follow(std::shared_ptr<const rules::RuleSet> rules,
                           const std::vector<Listening>& listeners, Instant now, Instant& next);
  // A name has a new address. Any thread.
  void names_changed();
  // Whether nothing needs to be followed.
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
    // The listener's packets, and the rules that nftables carries out; no value without a socket.
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
