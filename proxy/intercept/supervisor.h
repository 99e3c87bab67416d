// The supervisor is the process inside a sandbox (sandbox.h): it sets up the network and runs the
// command. It has a single thread.
#pragma once

#include <sys/resource.h>

#include "proxy/intercept/envelope.h"
#include "proxy/intercept/gateway.h"
#include "proxy/intercept/sandbox.h"

namespace brownout::proxy {

// Messages on the control socket between the supervisor and the process outside, which called
// Sandbox::make().
enum class ControlMessage : std::uint32_t {
  kUnshared,  // from the supervisor: the new user namespace needs id maps
  kMapped,    // to the supervisor: the id maps are written
  kListener,  // from the supervisor: the sockets of the next port, streams first
  kRaw,       // from the supervisor: raw sockets for IPv4, and for IPv6 if present
  kReady,     // from the supervisor: the set-up is complete
  kFailed,    // from the supervisor: `text` is the error; `value` is 1 if namespaces are forbidden
  kStart,     // to the supervisor: start the user's command
  kSignal,    // to the supervisor: forward the signal `value`
  kEnded,     // from the supervisor: the command and its processes have ended; it ends when the
              // socket is closed
  // kSockets and kPackets use a second socket pair, in both directions. kSockets requests sockets
  // of type `value` (family << 16 | type); the answer has up to kSocketsAtOnce sockets. kPackets
  // carries an nftables script in a file; the answer has its output in a file, or the error in
  // `text`.
  kSockets,
  kPackets,
};

constexpr int kSocketsAtOnce = 32;

constexpr std::uint32_t number(ControlMessage message) {
  return static_cast<std::uint32_t>(message);
}

// The network to set up and the command to run, stored before the fork that makes the supervisor.
struct SupervisorPlan {
  std::vector<Sandbox::Port> ports;
  std::size_t workers = 1;
  std::vector<rules::IpAddress> own;
  std::vector<std::string> command;
  Surroundings surroundings = {};
  // The limit of file descriptors before the caller raised it, restored for the command.
  rlimit descriptors{};
  bool ignores_children = false;  // the caller ignored SIGCHLD, so the command must too
};

// Runs the supervisor in the calling process, and returns the exit status for that process.
// `control` and `sockets` are its ends of the control socket and of the socket pair of kSockets.
int supervise(const SupervisorPlan& plan, const Fd& control, const Fd& sockets);

}  // namespace brownout::proxy
