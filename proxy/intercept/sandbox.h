// Sandbox runs a command in its own network namespace, where all connections, datagrams and DNS
// queries of the command arrive at sockets of this process. Needs no root and no set-up, and leaves
// nothing behind when the command ends.
//
//   this process ---- the supervisor ---- the command and its children
//   (outside)         (inside)
//
// The supervisor is a fork of this process. It creates the network namespace, passes its listening
// sockets out (SCM_RIGHTS), starts the command, forwards signals, and kills the command's remaining
// processes. If this process dies, the supervisor kills everything; if the supervisor dies, this
// process ends, too. The namespaces and their nftables rules disappear with the last process.
//
// make() forks, so call it before creating threads. The interception is safe from any thread;
// everything else belongs to the thread that called make().
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "proxy/intercept/interception.h"
#include "proxy/intercept/own_network.h"
#include "proxy/intercept/packet_filter.h"
#include "proxy/net/port.h"
#include "rules/schema/port_range.h"

namespace brownout::proxy {

// How the command's environment differs from that of this process.
struct Surroundings {
  std::vector<std::pair<std::string, std::string>> environment = {};  // variables to set
  std::vector<ReplacedFile> files = {};
};

class Sandbox {
 public:
  struct Port {
    std::string listener;
    bool streams = false;
    bool datagrams = false;
    // destination ports; empty for all ports that no other Port lists
    std::vector<rules::PortRange> ports = {};
  };

  static constexpr std::size_t kMostWorkers = 16;
  // Makes the network namespace, with `workers` sockets of each kind for every port. The command is
  // searched in PATH. Raises this process's limit of file descriptors. An error of origin kConfig
  // means that the system forbids network namespaces.
  static Result<std::unique_ptr<Sandbox>> make(std::vector<Port> ports, std::size_t workers,
                                               std::vector<std::string> command,
                                               Surroundings surroundings = {});
  // Kills all processes of the command that still run.
  ~Sandbox();

  std::map<std::string, std::vector<PortSockets>> take_sockets() { return std::move(sockets_); }
  // Finds the original destinations of the command's connections. Connects to an address of this
  // machine inside the namespace first, where the command may have started a server, then outside.
  std::shared_ptr<Interception> interception() const { return interception_; }

  // nftables in the network namespace of the command.
  std::shared_ptr<PacketFilter> packet_filter() const { return packet_filter_; }

  // Starts the command with this process's files, working directory and environment, except for the
  // surroundings, and with the limits and ignored signals from before make(). Call once.
  Result<void> start();
  // Sends the signal to the command.
  void signal(int number) const;
  // A descriptor that becomes readable when the command has ended. Its network namespace stays
  // until exit_status(), so that the packet filter's counters can be read a last time.
  const Fd& ended() const { return control_; }
  // Waits for the command, removes its network namespace, and returns its exit status as a shell
  // reports it: 128 plus the number of a fatal signal, and 126 or 127 if the command could not be
  // run.
  int exit_status();

 private:
  Sandbox() = default;

  pid_t supervisor_ = -1;
  Fd control_;
  std::map<std::string, std::vector<PortSockets>> sockets_;
  std::shared_ptr<Interception> interception_;
  std::shared_ptr<PacketFilter> packet_filter_;
};

}  // namespace brownout::proxy
