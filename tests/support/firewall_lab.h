// Computes a firewall's verdict on a new connection at an instant, as text: "accept", "drop" or
// "reject". Uses no sockets and no clock.
#pragma once

#include <string>

#include "rules/engine/firewall_fault.h"
#include "rules/engine/plan.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {

class FirewallLab {
 public:
  explicit FirewallLab(const std::string& rules)
      : set_(rules::RuleSet::activate(config_of(rules).rules, 1, Instant{})) {}

  std::string connect(const std::string& client, Duration at = {}, std::uint16_t port = 1883,
                      const std::string& server = "192.0.2.1") const {
    auto facts = flow_of(1, client);
    facts.destination = rules::IpAddress::parse(server);
    facts.destination_port = port;
    switch (rules::plan_dial(*set_, facts, Instant(at)).admission.verdict) {
      case rules::Admission::Verdict::kServe:
        return "accept";
      case rules::Admission::Verdict::kHang:
        return "drop";
      case rules::Admission::Verdict::kRefuse:
        return "reject";
      case rules::Admission::Verdict::kAnswer:
        return "answer";
    }
    return "?";
  }
  const rules::RuleState& state(std::size_t rule) const { return *set_->rules()[rule]->state; }
  std::shared_ptr<const rules::RuleSet> set() const { return set_; }

 private:
  std::shared_ptr<const rules::RuleSet> set_;
};

// A firewall that accepts phones and two partners, rejects a range of ports, and drops the rest.
inline std::string edge() {
  return R"([[firewall]]
name = "edge"
policy = "drop"
rules = [
  { action = "accept", source = "10.1.0.0/16", port = 1883, comment = "phones" },
  { action = "accept", source = ["192.0.2.10", "192.0.2.11"], comment = "partners" },
  { action = "reject", port = "20-29" },
]
)";
}

}  // namespace brownout::test
