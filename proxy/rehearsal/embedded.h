// Servers that stand in for those of a rehearsal's file, so that it runs anywhere: in CI, in the
// demo. Listeners take free ports, and every server of every upstream is an embedded messaging
// service.
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
  kWell,   // as the file says
  kBadly,  // no redundancy and no plan: one server each, clients that know one endpoint, no backoff
};

enum class Pace {
  kReal,
  kVirtual,  // no waiting (proxy/loop/clock.h); for probes whose waiting is ours: not mqtt, xmpp,
             // exec and prometheus, and no URL of elsewhere
};

class Embedded {
 public:
  // Changes `config`; `folder` of a CA is made where the file names one. With Pace::kVirtual, time
  // is virtual until the destructor is through: runners and their users have to be gone by then.
  static rules::Result<std::unique_ptr<Embedded>> stand_in(rules::Config& config, Handling handling,
                                                           Pace pace = Pace::kReal);
  ~Embedded();

  // The names that the file has for the embedded servers' addresses.
  const std::map<std::string, std::string>& known_as() const { return known_as_; }

 private:
  Embedded() = default;
  rules::Result<void> make_authority(rules::Config& config);
  rules::Result<void> make_servers(rules::Upstream& upstream, Handling handling);

  std::optional<proxy::VirtualTime> time_;  // behind all that takes part
  std::vector<std::unique_ptr<proxy::MessagingServer>> servers_;
  std::map<std::string, std::string> known_as_;
  std::string folder_;
};

}  // namespace brownout::rehearsal
