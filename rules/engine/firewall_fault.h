// FirewallFault applies a [[firewall]] of the rule file, including injected misconfigurations
// ("mistakes").
//
// A firewall becomes a rule of the kind kFirewallKind, before all [[rule]]s. It decides about new
// flows before a connection to a server is opened (FirewallFault::decide), and about DNS queries.
// If a line can stop established flows, a stage applies the firewall to their data. Faults of the
// level kFirewall are mistakes in the firewall's lines, active during their schedule.
// FirewallTimeline returns the lines that apply at an instant: the correct lines, changed by the
// active mistakes in the order of the rule file. Owned by the rule; immutable, so any thread may
// use it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/engine/dns_fault.h"
#include "rules/engine/rule.h"
#include "rules/firewall/firewall.h"

namespace brownout::rules {

// Base class of injected misconfigurations: faults that change the lines of a firewall as a typical
// human mistake would.
class FirewallMistake : public Fault {
 public:
  // Changes the firewall's lines as the human mistake would.
  virtual void make(Firewall& firewall) const = 0;
  // Returns the name of the firewall to change; no value if all firewalls are changed.
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
       .unit = "[[firewall]]; the key `firewall` selects one of them",
       .composition = "the rules change the lines one after another, in the order of the file",
       .source = source});
}

class FirewallTimeline {
 public:
  // A period in which the firewall's lines do not change. It ends when the next Epoch begins.
  struct Epoch {
    Instant from;
    Firewall firewall;
    // Injected misconfigurations that are active in this period.
    std::vector<std::shared_ptr<const Rule>> mistakes;
  };
  struct Verdict {
    FirewallDecision decision;
    const Epoch* epoch;
    bool by_mistake;  // whether injected misconfigurations changed the decision
  };

  // `mistakes` are the rules that inject misconfigurations of firewalls. Rule::began must be set in
  // them. Rules of other kinds are ignored.
  FirewallTimeline(Firewall correct, const std::vector<std::shared_ptr<const Rule>>& mistakes);

  // Returns the period that contains `now`.
  const Epoch& at(Instant now) const;
  // Returns the time at which the firewall's lines next change, or kNever.
  Instant next_change(Instant now) const;
  Verdict decide(const Packet& packet, Instant now) const;
  // Whether the firewall drops or rejects this packet at any time, past or future.
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
  // The decision about a new flow, with the injected misconfigurations that changed the decision.
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

// Creates the rule for a [[firewall]] table, without injected misconfigurations.
Rule firewall_rule(Firewall firewall, Position where, std::string definition);
// Returns a copy of the firewall rule `draft`, changed by the injected misconfigurations among
// `rules`. Rule::began must be set in these rules. Returns null if `draft` is not a firewall rule.
std::shared_ptr<Rule> with_mistakes(const Rule& draft,
                                    const std::vector<std::shared_ptr<const Rule>>& rules);

}  // namespace brownout::rules
