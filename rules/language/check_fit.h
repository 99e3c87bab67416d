// Whether the keys around a fault make sense for it: what the listeners speak, direction, per, and
// the rest of the match. Each mistake becomes a diagnostic.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rules/language/config.h"

namespace brownout::rules {

// All are borrowed; `node` is the [[rule]] that `rule` was read from.
class FitCheck {
 public:
  FitCheck(const Node& node, const Rule& rule, const std::vector<Listener>& listeners,
           Diagnostics& problems);

  // `type` is where the fault is named.
  void run(Position type) const;
  // Every listener that the rule names must have what the fault acts on; one that names none needs
  // one at least.
  void check_carriers(Position type) const;

 private:
  std::string settled() const;
  std::string settings_hint() const;
  void check_message_level() const;
  void check_http() const;
  void check_not_http() const;
  void check_tls() const;
  void check_host() const;
  void check_messages() const;
  void check_exchanges() const;
  void check_direction_of_messages() const;
  // Whether a listener that the rule means is such; whether one has some of these carriers.
  bool any_meant(const std::function<bool(const Listener&)>& condition) const;
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
