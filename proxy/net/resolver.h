// Names to addresses without blocking the loop (getaddrinfo on libuv's thread pool).
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

class Resolver {
 public:
  using Done = std::function<void(const Result<std::vector<IpAddress>>&)>;
  // Keeps the caller's interest: destroyed, it will not be called.
  using Ticket = std::shared_ptr<Done>;

  explicit Resolver(Loop& loop);
  ~Resolver();

  // `done` is called from the loop, never from inside this call, unless an answer is at hand.
  Ticket resolve(const std::string& name, Done done);

 private:
  struct Lookup;
  struct Known {
    Result<std::vector<IpAddress>> answer;
    Instant until;
  };
  void answered(Lookup& lookup, const Result<std::vector<IpAddress>>& answer);

  Loop& loop_;
  std::map<std::string, Known> known_;
  std::map<std::string, Lookup*> running_;
};

}  // namespace brownout::proxy
