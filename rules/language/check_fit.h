// Checks that the keys around a fault fit it: the listeners' protocols, direction, per, and the
// rest of the match. Each error becomes a diagnostic.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rules/language/config.h"

namespace brownout::rules {

// All arguments are borrowed; `node` is the [[rule]] from which `rule` was read.
class FitCheck {
 public:
  FitCheck(const Node& node, const Rule& rule, const std::vector<Listener>& listeners,
           Diagnostics& problems);

  // `type` is the position of the fault's name.
  void run(Position type) const;
  // Each listener that the rule names must carry traffic on which the fault acts. If the rule names
  // no listener, one such listener is enough.
  void check_carriers(Position type) const;

 private:
  std::string settings_remark() const;
  std::string settings_hint() const;
  void check_message_level() const;
  void check_http() const;
  void check_not_http() const;
  void check_tls() const;
  void check_host() const;
  void check_messages() const;
  void check_exchanges() const;
  void check_direction_of_messages() const;
  void check_direction_of_requests() const;
  // True if at least one listener that the rule matches meets the condition, carries one of the
  // carriers, or has messages of one of the protocols.
  bool any_matched(const std::function<bool(const Listener&)>& condition) const;
  bool has(CarrierSet carriers) const;
  bool speaks(ProtocolSet protocols) const;
  void check_firewall_level() const;
  void check_listener_level() const;

  const Node& node_;
  const Rule& rule_;
  const std::vector<Listener>& listeners_;
  Diagnostics& problems_;
  std::string fault_;
};

}  // namespace brownout::rules
