// OverloadKeys contains the keys of the fault overload as values. overload.cpp declares each key
// with its meaning, and simulates the server with OverloadModel (rules/chance/overload_model.h).
// Plain data; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "rules/base/units.h"
#include "rules/chance/overload_model.h"
#include "rules/schema/schema.h"

namespace brownout::rules {

// The item that counts as one request to the simulated server.
enum class LoadUnit { kConnection, kMessage, kRequest };
// The fate of a request that arrives while the queue is full: a RST, no answer, an HTTP 503, or
// waiting in spite of the full queue.
enum class TurnedAway { kReset, kHang, k503, kSlow };
// The traffic that shares one simulated server: all traffic that the rule matches, the traffic of
// one client address, or the traffic to one server.
enum class LoadScope { kRule, kClient, kServer };

struct OverloadKeys {
  LoadUnit unit = LoadUnit::kConnection;
  std::optional<Frequency> capacity;
  std::optional<Duration> service_time;
  ServiceTime distribution = ServiceTime::kExponential;
  std::int64_t concurrency = 1;
  std::int64_t queue = 100;
  TurnedAway overflow = TurnedAway::kReset;
  Duration retry_after = std::chrono::seconds(1);
  Multiple load{};
  Multiple surge{};
  Duration surge_start{};
  std::optional<Duration> surge_duration;
  std::int64_t retries = 0;
  Duration patience = std::chrono::seconds(1);
  Duration retry_delay = std::chrono::milliseconds(500);
  LoadScope shared = LoadScope::kRule;
};

template <>
struct EnumNames<LoadUnit> {
  static constexpr std::array kValues{
      std::pair<std::string_view, LoadUnit>{"connection", LoadUnit::kConnection},
      std::pair<std::string_view, LoadUnit>{"message", LoadUnit::kMessage},
      std::pair<std::string_view, LoadUnit>{"request", LoadUnit::kRequest}};
};
template <>
struct EnumNames<TurnedAway> {
  static constexpr std::array kValues{
      std::pair<std::string_view, TurnedAway>{"reset", TurnedAway::kReset},
      std::pair<std::string_view, TurnedAway>{"hang", TurnedAway::kHang},
      std::pair<std::string_view, TurnedAway>{"503", TurnedAway::k503},
      std::pair<std::string_view, TurnedAway>{"slow", TurnedAway::kSlow}};
};
template <>
struct EnumNames<LoadScope> {
  static constexpr std::array kValues{
      std::pair<std::string_view, LoadScope>{"rule", LoadScope::kRule},
      std::pair<std::string_view, LoadScope>{"client", LoadScope::kClient},
      std::pair<std::string_view, LoadScope>{"server", LoadScope::kServer}};
};
template <>
struct EnumNames<ServiceTime> {
  static constexpr std::array kValues{
      std::pair<std::string_view, ServiceTime>{"exponential", ServiceTime::kExponential},
      std::pair<std::string_view, ServiceTime>{"constant", ServiceTime::kConstant},
      std::pair<std::string_view, ServiceTime>{"uniform", ServiceTime::kUniform},
      std::pair<std::string_view, ServiceTime>{"pareto", ServiceTime::kPareto}};
};

}  // namespace brownout::rules
