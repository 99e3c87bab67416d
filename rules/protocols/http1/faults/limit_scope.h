// LimitTable stores the limits (token buckets, quotas) of a rule on HTTP requests: one for each
// client address, one for each value of a header such as an API key, or one for all requests.
//
// All threads may share a table; a limit must be thread-safe. At most ClientTable::kMost clients or
// values have a limit; all others are not limited. (With one limit for all others, a single client
// could use it up.)
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "rules/chance/client_table.h"
#include "rules/engine/fault.h"
#include "rules/protocols/http1/http.h"

namespace brownout::rules {

enum class LimitScope { kClient, kRule };

template <>
struct EnumNames<LimitScope> {
  static constexpr std::array kValues{
      std::pair<std::string_view, LimitScope>{"client", LimitScope::kClient},
      std::pair<std::string_view, LimitScope>{"rule", LimitScope::kRule}};
};

// The meanings of the keys `shared` and `header`, for the reference page.
inline constexpr std::string_view kAboutShared =
    "scope of the limit: \"client\", the requests of one client address; \"rule\", all requests "
    "that the rule matches";
inline constexpr std::string_view kAboutLimitHeader =
    "name of a header, e.g. \"authorization\": the requests with the same value share one limit, "
    "and so do all requests without the header; excludes `shared`";

// Reports a table with both `shared` and `header`.
inline void check_limit_scope(const std::optional<std::string>& header, const Node& table,
                              Diagnostics& problems) {
  if (!header || table.find("shared") == nullptr) return;
  problems.add(position_of(table, "shared"), "shared and header exclude each other",
               "leave out shared or header");
}

template <class Limit>
class LimitTable {
 public:
  // Returns the limit of the request, and creates it at the first call. Returns null if the table
  // is full. `header` is the name of the header whose values have limits of their own, if any.
  Limit* of(const std::optional<std::string>& header, LimitScope shared, const FlowFacts& request) {
    return find(header, shared, request, [&](Key key) { return others_.of(key); });
  }
  // Returns null if the request has no limit yet.
  Limit* known(const std::optional<std::string>& header, LimitScope shared,
               const FlowFacts& request) {
    return find(header, shared, request, [&](Key key) { return others_.known(key); });
  }

 private:
  template <class Pick>
  Limit* find(const std::optional<std::string>& header, LimitScope shared, const FlowFacts& request,
              Pick pick) {
    if (header) {
      const auto* value = request.http->request.find(*header);
      return value != nullptr ? pick(key_of(*value)) : &rule_;
    }
    return shared == LimitScope::kRule ? &rule_ : pick(request.client_key());
  }

  Limit rule_;  // the limit of all requests without a limit of their own
  ClientTable<Limit> others_;
};

}  // namespace brownout::rules
