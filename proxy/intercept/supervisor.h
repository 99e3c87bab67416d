// The supervisor is the process inside a sandbox (sandbox.h): it sets up the network and runs the
// command. Single-threaded.
#pragma once

#include <sys/resource.h>

#include "proxy/intercept/envelope.h"
#include "proxy/intercept/gateway.h"
#include "proxy/intercept/sandbox.h"

namespace brownout::proxy {

// Messages between the supervisor and the process outside, which called Sandbox::make(). "in": sent
// by the supervisor. "out": sent by the process outside.
enum class ControlMessage : std::uint32_t {
  kUnshared,  // in: the new user namespace needs id maps
  kMapped,    // out: the id maps are written
  kListener,  // in: the sockets of the next port, streams first
  kRaw,       // in: raw sockets of the network: IPv4, and IPv6 if present
  kReady,     // in: the set-up is complete
  kFailed,    // in: `text` is the error; `value` is 1 if namespaces are forbidden
  kStart,     // out: start the command
  kSignal,    // out: forward the signal `value`
  // On the second socket pair. Out: family << 16 | type. In: up to kSocketsAtOnce sockets.
  kSockets,
};

constexpr int kSocketsAtOnce = 32;

constexpr std::uint32_t number(ControlMessage message) {
  return static_cast<std::uint32_t>(message);
}

// Input of the supervisor, filled in before the fork.
struct SupervisorPlan {
  std::vector<Sandbox::Port> ports;
  std::size_t workers = 1;
  std::vector<rules::IpAddress> own;
  std::vector<std::string> command;
  // Settings of the caller that this process has changed; restored for the command.
  rlimit descriptors{};
  bool ignores_children = false;  // whether the caller ignores SIGCHLD
};

// Runs the supervisor; returns the exit status of its process.
int supervise(const SupervisorPlan& plan, const Fd& control, const Fd& sockets);

}  // namespace brownout::proxy
