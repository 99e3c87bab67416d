// Touched describes one action of a rule on a connection, request, query or message, or an event
// that no rule caused. It becomes a line of the event log, and an entry of `brownout ctl why`.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/engine/rule.h"

namespace brownout::proxy {

// A list of named texts. clear() keeps the memory for the next list.
class Properties {
 public:
  // Limits in bytes: each value is cut after `longest`, and all values together after `most`.
  struct Limits {
    std::size_t longest = SIZE_MAX;
    std::size_t most = SIZE_MAX;
  };
  explicit Properties(Limits limits) : limits_(limits) {}

  void clear();
  // Adds a value. `name` must be a string literal, since the object keeps only a pointer to it.
  void add(std::string_view name, std::string_view value);
  // Returns the first value with this name; "" if there is none.
  std::string_view find(std::string_view name) const;
  template <class Visit>
  void for_each(Visit visit) const {
    std::size_t from = 0;
    for (const auto& [name, end] : ends_) {
      visit(name, std::string_view(bytes_).substr(from, end - from));
      from = end;
    }
  }

 private:
  Limits limits_;
  std::string bytes_;  // the values, one after the other
  // The name of each value, and where it ends in bytes_.
  std::vector<std::pair<std::string_view, std::size_t>> ends_;
};

struct Touched {
  explicit Touched(Properties::Limits limits = {}) : properties(limits) {}

  // Sets all members for an action of a rule. `direction` is "" if the action has no direction.
  void set(const rules::FlowFacts& flow, const rules::Rule& rule, std::string_view direction,
           const rules::Note& note);
  // Sets all members for an event that no rule caused, such as a failed handshake.
  void set(const rules::FlowFacts& flow, std::string_view event, std::string_view why);

  std::int64_t micros = 0;  // time in microseconds since the Unix epoch
  std::uint64_t seed = 0;
  std::string_view fault;  // type of the rule's fault; "" for an event without a rule
  std::string_view action;
  std::string_view direction;
  std::uint64_t flow = 0;     // ordinal of the connection or query at its listener
  std::uint64_t request = 0;  // number of the request on its connection; 0 without a request
  // Status of the HTTP response, or of the answer that the rule made; 0 without these.
  int status = 0;
  std::optional<rules::IpAddress> client;
  std::uint16_t client_port = 0;
  std::optional<rules::IpAddress> destination;
  std::uint16_t destination_port = 0;
  rules::Duration delay{};  // random delay that was injected; 0 if none
  std::int64_t bytes = 0;   // number of bytes that the action concerns
  // Position of the action in its direction: a number of a piece of bytes, or a byte offset.
  std::uint64_t ordinal = 0;
  rules::Ratio probability{rules::Ratio::kOne};
  std::optional<double> draw;  // the random number that decided, from 0 to 1, if one did
  // how often the rule repeated this action on the same connection (why_ring.h)
  std::uint64_t times = 1;
  // "listener"; "rule", or "event" and "why"; then the names of rules::describe().
  Properties properties;

 private:
  void set_flow(const rules::FlowFacts& flow);
};

enum class TouchedForm {
  kEvent,  // for the event log; apart from the time, equal for the same seed and order of arrival
  kWhole,  // with all members, also ports, the server and `times`
};
nlohmann::ordered_json json_of(const Touched& touched, TouchedForm form);

}  // namespace brownout::proxy
