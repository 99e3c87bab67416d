// Result<T>: either a value or an Error. All code below the command line returns errors this way
// and throws no exceptions.
//
// An Error has a text, a position in the rule file, an origin and a hint what to do. The origin
// answers a user's first question: does the failure come from an injected fault or from the real
// server? Plain values; any thread.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace brownout::rules {

// Position in a rule file. Line and column count from 1. 0 means that the position is unknown.
struct Position {
  unsigned line = 0;
  unsigned column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

// The origin of an error: the rule file or an option, the server, the client, an injected fault, or
// Brownout and its machine.
enum class Origin { kConfig, kUpstream, kDownstream, kInjected, kInternal };

struct Error {
  Origin origin = Origin::kConfig;
  std::string what;       // description of the problem, e.g. `"3 parsecs" is not a duration`
  std::string hint = {};  // allowed values, or advice on what to do next; may be empty
  std::optional<Position> where = std::nullopt;
};

template <class T>
using Result = tl::expected<T, Error>;

// Shorthand for the commonest failure: a value in a rule file or option that cannot be used.
inline tl::unexpected<Error> config_error(std::string what, std::string hint = {}) {
  return tl::unexpected<Error>(Error{Origin::kConfig, std::move(what), std::move(hint), {}});
}

}  // namespace brownout::rules
