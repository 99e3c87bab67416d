// Names to addresses, by c-ares on the loop: no thread waits, so a resolver that is silent holds up
// nobody else's names. /etc/hosts and DNS are asked as nsswitch.conf(5) and resolv.conf(5) say at
// the moment of the lookup; other modules of nsswitch.conf (mDNS, LDAP) are not. Addresses come in
// the order of RFC 6724.
//
// Several dials of one name share a lookup; an answer is reused for one second, so that a burst of
// connections is one lookup and a change of the records is seen at once. Loop's thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/loop/loop.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {

// Of a name of this machine: numbers, localhost, and what /etc/hosts has. No resolver is asked, so
// it never waits. Any thread.
std::vector<IpAddress> local_addresses(const std::string& name);

class Resolver final : private Deadline {
 public:
  using Answer = Result<std::vector<IpAddress>>;
  using Done = std::function<void(const Answer&)>;
  // Keeps the caller's interest: destroyed, it will not be called.
  using Ticket = std::shared_ptr<Done>;
  // Each has sockets of its own. Beyond, those that nobody waits for any more give way; if there
  // are none, the next name fails.
  static constexpr std::size_t kMostLookups = 256;

  // `servers` ("127.0.0.1:5300", separated by commas) are asked instead of those of resolv.conf.
  explicit Resolver(Loop& loop, std::string servers = {});
  ~Resolver() override;

  // `done` is called from the loop, never from inside this call: a caller that keeps the ticket in
  // a member, and asks again from inside `done`, has that of the last question.
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
  std::vector<Given> given_;  // to be called in the next turn
};

}  // namespace brownout::proxy
