// Rule is one [[rule]] of a rule file in compiled form. It says which traffic is selected (match),
// how much of it (probability, per), when (schedule), and with which fault. Immutable once it is in
// a RuleSet, except for its RuleState, which any thread may change.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "rules/base/diagnostics.h"
#include "rules/base/shared_histogram.h"
#include "rules/chance/dice.h"
#include "rules/chance/schedule.h"
#include "rules/engine/arrival_counter.h"
#include "rules/engine/fault.h"
#include "rules/match/match.h"

namespace brownout::rules {

// The item for which a random number is drawn and compared with the rule's probability.
enum class Per {
  kConnection,  // one random number per connection
  kClient,      // one per client address; raising the probability only adds clients
  kSecond,      // one for each second of the connection's life
  kChunk,       // one for each chunk or datagram
  kQuery,       // one for each DNS query
  kRequest,     // one for each HTTP request
  kMessage,     // one for each message of a connection
};

template <>
struct EnumNames<Per> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Per>{"connection", Per::kConnection},
      std::pair<std::string_view, Per>{"client", Per::kClient},
      std::pair<std::string_view, Per>{"second", Per::kSecond},
      std::pair<std::string_view, Per>{"chunk", Per::kChunk},
      std::pair<std::string_view, Per>{"query", Per::kQuery},
      std::pair<std::string_view, Per>{"request", Per::kRequest},
      std::pair<std::string_view, Per>{"message", Per::kMessage}};
};

// Counters of one rule, and the state that its flows share. They are kept when rules are reloaded
// and this rule is unchanged.
struct RuleState {
  std::atomic<std::uint64_t> matched{0};  // connections that match the rule
  // Connections, seconds or chunks that the random draw selected.
  std::atomic<std::uint64_t> sampled{0};
  std::atomic<std::uint64_t> injected{0};  // number of faults injected
  // Number of items that a limit turned away: max_active_faults, or a limit of the fault.
  std::atomic<std::uint64_t> overflow{0};
  // Number of requests that came before their client's Retry-After; these are among `injected`.
  std::atomic<std::uint64_t> early{0};
  ArrivalCounter arrivals;              // numbers items for `first`, `after` and `every`
  std::atomic<std::int64_t> active{0};  // HTTP requests on which the rule is acting now
  // Connections and UDP sessions on whose data the rule is acting now.
  std::atomic<std::int64_t> active_flows{0};
  SharedHistogram delays;  // delays that the rule injected
  std::unique_ptr<FaultState> shared;

  // Counts an injected fault.
  void count(const Note& note) {
    injected.fetch_add(1, std::memory_order_relaxed);
    if (note.overflow) overflow.fetch_add(1, std::memory_order_relaxed);
    if (note.early) early.fetch_add(1, std::memory_order_relaxed);
  }
};

struct Rule {
  std::string name;
  Key dice_key = 0;  // seeds the draws with the rule's probability; equal for all rules of a preset
  Key stage_key = 0;  // seeds the random numbers of the fault
  Match match;
  Ratio probability{Ratio::kOne};
  Per per = Per::kConnection;
  // Maximum number of HTTP requests on which the rule acts at the same time.
  std::optional<std::int64_t> max_active_faults;
  bool may_miss = false;  // suppresses the warning about a rule that never matches
  bool enabled = true;
  Schedule schedule;
  const FaultKind* kind = nullptr;
  std::shared_ptr<const Fault> fault;
  // For a rule of a preset: its figure and the source, in words. "" for others.
  std::string figure;
  Position where;  // position of the rule in the rule file
  // warnings about settings that may not do what the author intended
  std::vector<Diagnostic> notes;
  std::string definition;  // canonical text of the rule, compared to detect changes

  // The members below are set when the rule takes effect (RuleSet::activate).
  std::uint64_t seed = 0;
  Instant began{};
  std::shared_ptr<RuleState> state;

  // Returns the kinds of traffic on which the fault acts with these settings.
  CarrierSet acting() const;
  // For HTTP and DNS only. With kUpstream: whether the rule acts on requests or queries. With
  // kDownstream: whether the rule acts on responses or answers.
  bool acts_on_half(Carrier carrier, Direction direction) const;
  // Whether the rule simulates a slow accept loop for all connections of its listeners, so that the
  // kernel's accept queue can hold them.
  bool queues_all_accepts() const;
  bool acts_on(Direction direction) const {
    return kind->level == Level::kBytes && match.covers(direction);
  }
};

}  // namespace brownout::rules
