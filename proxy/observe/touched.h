// Touched is what a rule did to a connection, request, query or message: a line of the event log,
// and an entry of `brownout ctl why`.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/engine/rule.h"

namespace brownout::proxy {

// Texts by name. clear() keeps the memory.
class Properties {
 public:
  // Values are cut after `longest` bytes. No more than `most` bytes of values are kept.
  struct Limits {
    std::size_t longest = SIZE_MAX;
    std::size_t most = SIZE_MAX;
  };
  explicit Properties(Limits limits) : limits_(limits) {}

  void clear();
  // `name` must be a string literal.
  void add(std::string_view name, std::string_view value);
  // The first value of this name, or "".
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
  std::string bytes_;                                           // the values, one after the other
  std::vector<std::pair<std::string_view, std::size_t>> ends_;  // name, and end of the value
};

struct Touched {
  explicit Touched(Properties::Limits limits = {}) : properties(limits) {}

  // Fills in everything. `direction` is "" if the rule has none.
  void set(const rules::FlowFacts& flow, const rules::Rule& rule, std::string_view direction,
           const rules::Note& note);
  // Fills in an event without a rule, such as a failed handshake.
  void set(const rules::FlowFacts& flow, std::string_view event, std::string_view why);

  std::int64_t micros = 0;  // since the Unix epoch
  std::uint64_t seed = 0;
  std::string_view fault;  // "": no rule
  std::string_view action;
  std::string_view direction;
  std::uint64_t flow = 0;
  std::uint64_t request = 0;  // 0: none
  int status = 0;             // 0: none
  std::optional<rules::IpAddress> client;
  std::uint16_t client_port = 0;
  std::optional<rules::IpAddress> destination;
  std::uint16_t destination_port = 0;
  rules::Duration delay{};
  std::int64_t bytes = 0;
  std::uint64_t ordinal = 0;
  rules::Ratio probability{rules::Ratio::kOne};
  std::optional<double> draw;
  std::uint64_t times = 1;  // how often the same happened to the same connection (why_ring.h)
  Properties properties;    // listener and rule; those of rules::describe(); or event and why

 private:
  void set_flow(const rules::FlowFacts& flow);
};

enum class TouchedForm {
  kEvent,  // for the event log: the same for the same seed and order of arrival, but for the time
  kWhole,  // with ports, the server and `times`
};
nlohmann::ordered_json json_of(const Touched& touched, TouchedForm form);

}  // namespace brownout::proxy
