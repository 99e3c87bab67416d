// FirewallFault applies a [[firewall]] of the rule file, including injected misconfigurations.
//
// A firewall becomes a rule of the kind kFirewallKind, ahead of all [[rule]]s. It decides about new
// flows before a server is dialed (FirewallFault::decide), about DNS queries, and, by a stage,
// about established flows if a line can stop them. Faults of the level kFirewall are mistakes in
// its list, active during their schedule. FirewallTimeline gives the list at every instant: the
// correct list with the active mistakes, in file order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/engine/dns_fault.h"
#include "rules/engine/rule.h"
#include "rules/firewall/firewall.h"

namespace brownout::rules {

// A fault of the level kFirewall: a mistake in the list of a firewall.
class FirewallMistake : public Fault {
 public:
  // Modifies the list.
  virtual void make(Firewall& firewall) const = 0;
  // The name of the firewall with this mistake; none: all firewalls.
  virtual const std::optional<std::string>& firewall() const = 0;
};

template <class F>
FaultKind describe_mistake(std::string_view name, std::string_view summary,
                           std::string_view correct_client, std::string_view source) {
  return describe<F>(
      {.name = name,
       .level = Level::kFirewall,
       .carriers = kStreams | kDatagrams | kDnsQueries,
       .summary = summary,
       .correct_client = correct_client,
       .unit = "firewall",
       .composition = "mistakes are applied in file order, each to the result of the previous one",
       .source = source});
}

class FirewallTimeline {
 public:
  struct Epoch {
    Instant from;
    Firewall firewall;
    std::vector<std::shared_ptr<const Rule>> mistakes;  // active in this epoch
  };
  struct Verdict {
    FirewallDecision decision;
    const Epoch* epoch;
    bool by_mistake;  // the correct list would decide differently
  };

  // Rule::began must be set in `mistakes`. Rules of other levels are ignored.
  FirewallTimeline(Firewall correct, const std::vector<std::shared_ptr<const Rule>>& mistakes);

  const Epoch& at(Instant now) const;
  // The next change of the list, or kNever.
  Instant next_change(Instant now) const;
  Verdict decide(const Packet& packet, Instant now) const;
  // Whether the list drops or rejects this packet at any time.
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
  // The decision about a new flow. Mistakes that changed it are counted and noted, too.
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

// Creates the rule of a [[firewall]], with the correct list.
Rule firewall_rule(Firewall firewall, Position where, std::string definition);
// The firewall rule `draft` with the mistakes among `rules`, which have begun. Null if `draft` is
// another kind of rule.
std::shared_ptr<Rule> with_mistakes(const Rule& draft,
                                    const std::vector<std::shared_ptr<const Rule>>& rules);

}  // namespace brownout::rules
