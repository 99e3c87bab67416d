// Servers that stand in for those of a rehearsal's file, so that it runs anywhere: in CI, in the
// demo. Listeners take free ports, and every server of every upstream is an embedded messaging
// service.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/embedded/messaging_server.h"
#include "rules/config.h"

namespace brownout::rehearsal {

enum class Handling {
  kWell,   // as the file says
  kBadly,  // no redundancy and no plan: one server each, clients that know one endpoint, no backoff
};

class Embedded {
 public:
  // Changes `config`; `folder` of a CA is made where the file names one.
  static rules::Result<std::unique_ptr<Embedded>> stand_in(rules::Config& config,
                                                           Handling handling);
  ~Embedded();

  // The names that the file has for the embedded servers' addresses.
  const std::map<std::string, std::string>& known_as() const { return known_as_; }

 private:
  Embedded() = default;
  rules::Result<void> make_authority(rules::Config& config);
  rules::Result<void> make_servers(rules::Upstream& upstream, Handling handling);

  std::vector<std::unique_ptr<proxy::MessagingServer>> servers_;
  std::map<std::string, std::string> known_as_;
  std::string folder_;
};

}  // namespace brownout::rehearsal
