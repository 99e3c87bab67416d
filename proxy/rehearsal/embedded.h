// Embedded: servers in this process that replace the servers of a rehearsal, so that the rehearsal
// runs anywhere, for example in CI and in the demo. Listeners get free ports, and every server of
// every upstream becomes an embedded messaging service. The command that runs the rehearsal owns
// the object.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/embedded/messaging_server.h"
#include "proxy/loop/clock.h"
#include "proxy/loop/temp_folder.h"
#include "rules/language/config.h"

namespace brownout::rehearsal {

// How well the rehearsed system (the embedded servers and the synthetic users) copes with faults.
enum class Handling {
  kWell,  // with all servers and endpoints of the rule file
  // without redundancy: only the first server of each upstream answers, each probe has one
  // endpoint, and retries follow without a pause
  kBadly,
};

enum class Pace {
  kReal,
  kVirtual,  // virtual time; only for probes of kind tcp, http, grpc, dns, websocket and tls
             // without URLs
};

class Embedded {
 public:
  // Replaces the servers in `config` by embedded ones, and the CA folders that its listeners name
  // by a new temporary one. With Pace::kVirtual, time is virtual until the returned object is
  // destroyed. Destroy the object after all runners and their users.
  static rules::Result<std::unique_ptr<Embedded>> stand_in(rules::Config& config, Handling handling,
                                                           Pace pace = Pace::kReal);
  ~Embedded();

  // For each embedded server's address, the name of the server that it replaces.
  const std::map<std::string, std::string>& known_as() const { return known_as_; }

 private:
  Embedded() = default;
  rules::Result<void> make_authority(rules::Config& config);
  rules::Result<void> make_servers(rules::Upstream& upstream, Handling handling);

  std::optional<proxy::VirtualTime> time_;  // declared first, so that it is destroyed last
  std::vector<std::unique_ptr<proxy::MessagingServer>> servers_;
  std::map<std::string, std::string> known_as_;
  proxy::TempFolder folder_;
};

}  // namespace brownout::rehearsal
