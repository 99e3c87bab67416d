// Sandbox: a command in a network of its own, whose every connection, datagram and DNS query comes
// to sockets that this process holds. No root, no set-up, no leftovers.
//
//   this process ---- the supervisor ---- the command and its children
//   (outside)         (inside)
//
// The supervisor is a fork of this process. It makes the network, hands its listening sockets out
// (SCM_RIGHTS), starts the command, forwards signals, and ends whatever is left of it. When this
// process dies, in any way, the supervisor ends everything; when the supervisor dies, this process
// does. The namespaces, and the nftables rules in them, go with the last process.
//
// make() forks: call it before there are threads. InsideFirst is for any thread; all else for the
// one that called make().
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/intercept/interception.h"
#include "proxy/net/port.h"
#include "rules/schema/port_range.h"

namespace brownout::proxy {

class Sandbox {
 public:
  struct Port {
    std::string listener;
    bool streams = false;
    bool datagrams = false;
    std::vector<rules::PortRange> ports = {};  // of destinations; empty: all that are left
  };

  static constexpr std::size_t kMostWorkers = 16;
  // `workers` sockets of each kind are made for every port. The command is searched in PATH.
  // Raises this process's own limit of descriptors. An error of origin kConfig: networks of one's
  // own are not allowed here.
  static Result<std::unique_ptr<Sandbox>> make(std::vector<Port> ports, std::size_t workers,
                                               std::vector<std::string> command);
  // Ends what still runs.
  ~Sandbox();

  std::map<std::string, std::vector<PortSockets>> take_sockets() { return std::move(sockets_); }
  // Where its processes wanted to go, and how that is reached: on an address of their own machine
  // inside first, where a server may be that they started, then outside.
  std::shared_ptr<Interception> interception() const { return interception_; }

  // Runs the command, with this process's files, folder and environment, and with the limits and
  // the ignored signals that it had when this was made. Once.
  Result<void> start();
  // Sends it to the command.
  void signal(int number) const;
  // Readable when the command has ended.
  const Fd& ended() const { return control_; }
  // As a shell has it: 128 and the signal's number where one ended it, 126 or 127 where it could
  // not be run. Waits for it.
  int exit_status();

 private:
  Sandbox() = default;

  pid_t supervisor_ = -1;
  Fd control_;
  std::map<std::string, std::vector<PortSockets>> sockets_;
  std::shared_ptr<Interception> interception_;
};

}  // namespace brownout::proxy
