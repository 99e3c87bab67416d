// One rule, compiled: whom (match), by what chance (probability, per), when (schedule), what
// (fault).
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "rules/base/shared_histogram.h"
#include "rules/chance/dice.h"
#include "rules/chance/schedule.h"
#include "rules/engine/fault.h"
#include "rules/match/match.h"

namespace brownout::rules {

// How often the dice are thrown.
enum class Per {
  kConnection,  // once a connection
  kClient,   // once a client address: a stable cohort, to which raising the probability only adds
  kSecond,   // once a second of the connection's life
  kChunk,    // for each chunk or datagram
  kQuery,    // for each DNS query
  kRequest,  // for each HTTP request
  kMessage,  // for each message of a connection
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

// What one rule has done so far, and what its flows share. Survives a reload that leaves the rule
// alone.
struct RuleState {
  std::atomic<std::uint64_t> matched{0};   // connections that the match meant
  std::atomic<std::uint64_t> sampled{0};   // connections, seconds or chunks that the dice chose
  std::atomic<std::uint64_t> injected{0};  // faults that happened
  std::atomic<std::uint64_t> arrivals{0};  // numbers the matching connections, for ordinals
  std::atomic<std::int64_t> active{0};     // requests that it acts on now
  SharedHistogram delays;                  // of those faults that delay
  std::unique_ptr<FaultState> shared;
};

struct Rule {
  std::string name;
  Key dice_key = 0;   // of the sampling: the same for all parts of a preset
  Key stage_key = 0;  // of what the fault draws
  Match match;
  Ratio probability{Ratio::kOne};
  Per per = Per::kConnection;
  std::optional<std::int64_t> max_active_faults;
  bool may_miss = false;  // it need not match anybody
  bool enabled = true;
  Schedule schedule;
  const FaultKind* kind = nullptr;
  std::shared_ptr<const Fault> fault;
  Position where;          // in the file
  std::string definition;  // canonical text: equal when the rule did not change

  // Set when the rule takes effect (RuleSet::activate).
  std::uint64_t seed = 0;
  Instant began{};
  std::shared_ptr<RuleState> state;

  // What it acts on, as its kind says, without what its settings leave out.
  CarrierSet acting() const;
  // Of HTTP and DNS: on a request or query (upstream), on a response or answer.
  bool acts_on_half(Carrier carrier, Direction direction) const;
  bool acts_on(Direction direction) const {
    return kind->level == Level::kBytes && match.covers(direction);
  }
};

}  // namespace brownout::rules
