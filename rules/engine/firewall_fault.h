// [[firewall]] as a rule among the others, and what misconfigures it.
//
// A firewall becomes a rule of the kind kFirewall, ahead of all [[rule]]s: it decides on a flow
// before a server is dialled (FirewallFault::decide), on DNS queries, and, where a line can stop
// established packets, on what flows (a stage). Faults of the level kFirewall are mistakes in its
// list, made for the time of their schedule. FirewallTimeline is the list at every instant: the
// correct one, with the mistakes that are made then, in file order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/engine/dns_fault.h"
#include "rules/engine/rule.h"
#include "rules/firewall/firewall.h"

namespace brownout::rules {

// A fault of the level kFirewall. `Settings` has an optional `firewall`: whose list; all if absent.
class FirewallMistake : public Fault {
 public:
  virtual void make(Firewall& firewall) const = 0;
  virtual const std::optional<std::string>& firewall() const = 0;
};

template <class F>
FaultKind describe_mistake(std::string_view name, std::string_view summary) {
  return describe<F>(
      {.name = name,
       .level = Level::kFirewall,
       .carriers = kStreams | kDatagrams | kDnsQueries,
       .summary = summary,
       .magnitude = "firewall",
       .composition = "mistakes are made in file order, each in the list that the one before left",
       .source = {}});
}

class FirewallTimeline {
 public:
  struct Epoch {
    Instant from;
    Firewall firewall;
    std::vector<std::shared_ptr<const Rule>> mistakes;  // that are made in it
  };
  struct Verdict {
    FirewallDecision decision;
    const Epoch* epoch;
    bool by_mistake;  // the correct list would have decided otherwise
  };

  // `mistakes` have taken effect (Rule::began is set).
  FirewallTimeline(Firewall correct, const std::vector<std::shared_ptr<const Rule>>& mistakes);

  const Epoch& at(Instant now) const;
  // When the list next changes.
  Instant next_change(Instant now) const;
  Verdict decide(const Packet& packet, Instant now) const;
  // Whether established packets like this one are ever stopped.
  bool ever_stops(const Packet& packet) const;
  const Firewall& correct() const { return correct_; }

 private:
  Firewall correct_;
  std::vector<Epoch> epochs_;
};

class FirewallFault final : public Fault, public DnsFault {
 public:
  explicit FirewallFault(std::shared_ptr<const FirewallTimeline> timeline)
      : timeline_(std::move(timeline)) {}

  const FirewallTimeline& timeline() const { return *timeline_; }
  // What happens to a new flow. Mistakes that changed it are counted and noted as well.
  struct Outcome {
    FirewallAction action = FirewallAction::kAccept;
    std::optional<Note> note;
    std::vector<std::shared_ptr<const Rule>> mistakes;
  };
  Outcome decide(const FlowFacts& flow, Instant now) const;

  std::unique_ptr<Stage> stage(const StageContext& context) const override;
  const DnsFault* dns() const override { return this; }
  std::optional<Note> on_query(const DnsContext& context, DnsVerdict& verdict) const override;

 private:
  std::shared_ptr<const FirewallTimeline> timeline_;
};

extern const FaultKind kFirewallKind;

// The rule of a [[firewall]] with the correct list.
Rule firewall_rule(Firewall firewall, Position where, std::string definition);
// The same with its mistakes among `rules`, to be activated; null when `draft` is no firewall.
std::shared_ptr<Rule> with_mistakes(const Rule& draft,
                                    const std::vector<std::shared_ptr<const Rule>>& rules);

}  // namespace brownout::rules
