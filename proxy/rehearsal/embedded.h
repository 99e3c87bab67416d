// Embedded: servers in this process that replace the servers in a rehearsal's file, so that the
// rehearsal runs anywhere, for example in CI and in the demo. Listeners get free ports, and every
// server of every upstream becomes an embedded messaging service.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/embedded/messaging_server.h"
#include "proxy/loop/clock.h"
#include "rules/language/config.h"

namespace brownout::rehearsal {

enum class Handling {
  kWell,   // servers and endpoints as in the rule file
  kBadly,  // no redundancy: one server per upstream, one endpoint per probe, no backoff
};

enum class Pace {
  kReal,
  kVirtual,  // virtual time, for probes tcp, http, dns, websocket and tls without URLs
};

class Embedded {
 public:
  // Puts the embedded servers into `config`, and makes a CA folder if the file names one. With
  // Pace::kVirtual, time is virtual until this object is destroyed. Destroy runners and their users
  // before this object.
  static rules::Result<std::unique_ptr<Embedded>> stand_in(rules::Config& config, Handling handling,
                                                           Pace pace = Pace::kReal);
  ~Embedded();

  // Maps the addresses of the embedded servers to the names of the servers that they replace.
  const std::map<std::string, std::string>& known_as() const { return known_as_; }

 private:
  Embedded() = default;
  rules::Result<void> make_authority(rules::Config& config);
  rules::Result<void> make_servers(rules::Upstream& upstream, Handling handling);

  std::optional<proxy::VirtualTime> time_;  // declared first, so that it is destroyed last
  std::vector<std::unique_ptr<proxy::MessagingServer>> servers_;
  std::map<std::string, std::string> known_as_;
  std::string folder_;
};

}  // namespace brownout::rehearsal
