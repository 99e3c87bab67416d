// Rule is one compiled [[rule]]: the traffic (match), the sampling (probability, per), the time
// (schedule) and the fault.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "rules/base/shared_histogram.h"
#include "rules/chance/dice.h"
#include "rules/chance/schedule.h"
#include "rules/engine/arrival_counter.h"
#include "rules/engine/fault.h"
#include "rules/match/match.h"

namespace brownout::rules {

// The unit for which the probability is drawn.
enum class Per {
  kConnection,  // once per connection
  kClient,      // once per client address; a higher probability only adds clients
  kSecond,      // once per second of the connection's life
  kChunk,       // for each chunk or datagram
  kQuery,       // for each DNS query
  kRequest,     // for each HTTP request
  kMessage,     // for each message of a connection
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

// Counters of one rule, and the state that its flows share. Kept over a reload that does not change
// the rule.
struct RuleState {
  std::atomic<std::uint64_t> matched{0};   // connections selected by the match
  std::atomic<std::uint64_t> sampled{0};   // connections, seconds or chunks selected by the dice
  std::atomic<std::uint64_t> injected{0};  // faults injected
  ArrivalCounter arrivals;                 // numbers for `first`, `after` and `every`
  std::atomic<std::int64_t> active{0};     // HTTP requests on which the rule acts now
  SharedHistogram delays;                  // injected delays
  std::unique_ptr<FaultState> shared;
};

struct Rule {
  std::string name;
  Key dice_key = 0;   // random stream of the sampling; equal for all parts of a preset
  Key stage_key = 0;  // random stream of the fault
  Match match;
  Ratio probability{Ratio::kOne};
  Per per = Per::kConnection;
  std::optional<std::int64_t> max_active_faults;
  bool may_miss = false;  // no warning if the rule never matches
  bool enabled = true;
  Schedule schedule;
  const FaultKind* kind = nullptr;
  std::shared_ptr<const Fault> fault;
  Position where;          // position in the rule file
  std::string definition;  // canonical text, to detect changes

  // Set when the rule takes effect (RuleSet::activate).
  std::uint64_t seed = 0;
  Instant began{};
  std::shared_ptr<RuleState> state;

  // The kinds of traffic on which the fault acts with these settings.
  CarrierSet acting() const;
  // HTTP and DNS only. kUpstream: whether the rule acts on requests or queries. kDownstream:
  // whether it acts on responses or answers.
  bool acts_on_half(Carrier carrier, Direction direction) const;
  bool acts_on(Direction direction) const {
    return kind->level == Level::kBytes && match.covers(direction);
  }
};

}  // namespace brownout::rules
