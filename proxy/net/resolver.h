// Resolver: resolves host names on the event loop, with c-ares. No thread blocks, so a silent DNS
// server delays only the names that it serves. The lookup uses /etc/hosts and DNS as
// nsswitch.conf(5) and resolv.conf(5) say at that moment, but no other module of nsswitch.conf
// (mDNS, LDAP). Addresses are in the order of RFC 6724.
//
// Concurrent requests for a name share one lookup. An answer is reused for one second, so that a
// burst of connections costs one lookup, and changed records take effect soon. Each worker owns one
// object; use only on the event loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/loop/loop.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {

// Returns the addresses of a local name: a literal address, localhost, or an entry of /etc/hosts.
// Never asks DNS, so it never blocks. Safe on any thread.
std::vector<IpAddress> local_addresses(const std::string& name);

class Resolver final : private Deadline {
 public:
  using Answer = Result<std::vector<IpAddress>>;
  using Done = std::function<void(const Answer&)>;
  // A caller's request. Destroying the ticket cancels it: `done` is then not called.
  using Ticket = std::shared_ptr<Done>;
  // Limit of lookups at the same time, since each has its own sockets. At the limit, lookups for
  // which no caller waits any more are dropped. If every lookup has a caller that waits, a further
  // lookup fails.
  static constexpr std::size_t kMostLookups = 256;

  // `servers` ("127.0.0.1:5300", separated by commas) replace the DNS servers of resolv.conf,
  // unless empty.
  explicit Resolver(Loop& loop, std::string servers = {});
  ~Resolver() override;

  // Looks a name up. `done` is called from the event loop, never inside this call. A caller that
  // keeps the ticket in a member may call resolve() again inside `done`: the member then has the
  // latest ticket.
  [[nodiscard]] Ticket resolve(const std::string& name, Done done);
  std::size_t lookups() const { return running_.size(); }

 private:
  class Lookup;
  using SharedAnswer = std::shared_ptr<const Answer>;
  struct Known {
    SharedAnswer answer;
    Instant until;
  };
  struct Given {
    std::weak_ptr<Done> ticket;
    SharedAnswer answer;
  };

  void finished(const std::string& name, Answer answer);
  bool make_room();
  void give(const Ticket& ticket, SharedAnswer answer);
  void on_due(Instant now) noexcept override;

  Loop& loop_;
  std::string servers_;
  std::map<std::string, Known> known_;
  std::map<std::string, std::unique_ptr<Lookup>> running_;
  std::vector<std::unique_ptr<Lookup>> finished_;
  std::vector<Given> given_;  // answers for callers in the next iteration of the event loop
};

}  // namespace brownout::proxy
