// Supervisor: the process inside a sandbox (sandbox.h). Has one thread.
#pragma once

#include <sys/resource.h>

#include "proxy/intercept/envelope.h"
#include "proxy/intercept/gateway.h"
#include "proxy/intercept/sandbox.h"

namespace brownout::proxy {

// What it and the process outside say to each other.
enum class ControlMessage : std::uint32_t {
  kUnshared,  // in: has a user namespace that needs maps
  kMapped,    // out
  kListener,  // in: the sockets of the next port, streams first
  kRaw,       // in: raw sockets of the network, of IPv4 and, where there is one, IPv6
  kReady,     // in
  kFailed,    // in: `text` is why, `value` whether a network was refused
  kStart,     // out: the command
  kSignal,    // out: `value` is its number
  kSockets,   // on the other pair. out: family << 16 | type; in: up to kSocketsAtOnce of them
};

constexpr int kSocketsAtOnce = 32;

constexpr std::uint32_t number(ControlMessage message) {
  return static_cast<std::uint32_t>(message);
}

// What the process outside knows.
struct SupervisorPlan {
  std::vector<Sandbox::Port> ports;
  std::size_t workers = 1;
  std::vector<rules::IpAddress> own;
  std::vector<std::string> command;
  // What the command has of the caller, and this process has not.
  rlimit descriptors{};
  bool ignores_children = false;  // SIGCHLD
};

// Does all of it; the exit status that the supervisor ends with.
int supervise(const SupervisorPlan& plan, const Fd& control, const Fd& sockets);

}  // namespace brownout::proxy
