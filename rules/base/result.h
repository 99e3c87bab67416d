// Errors as values. Everything below the command line returns Result<T>; nothing throws.
//
// An Error says what was found, where, whose doing it was and what to do about it. The first
// question of a user of a fault-injection proxy is "was it the fault or the real server?", hence
// Origin.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace brownout::rules {

// A place in a rule file: line and column count from 1; 0 means unknown.
struct Position {
  unsigned line = 0;
  unsigned column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

enum class Origin { kConfig, kUpstream, kDownstream, kInjected, kInternal };

struct Error {
  Origin origin = Origin::kConfig;
  std::string what;       // what was found, e.g. `"3 parsecs" is not a duration`
  std::string hint = {};  // what is allowed or what to do, may be empty
  std::optional<Position> where = std::nullopt;
};

template <class T>
using Result = tl::expected<T, Error>;

// Shorthand for the commonest failure: a value that a person wrote and that cannot be used.
inline tl::unexpected<Error> config_error(std::string what, std::string hint = {}) {
  return tl::unexpected<Error>(Error{Origin::kConfig, std::move(what), std::move(hint), {}});
}

}  // namespace brownout::rules
