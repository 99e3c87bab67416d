// HttpMatch selects HTTP requests and responses by method, path, header, status and the like, for
// the `match` of a rule. A plain value, owned by its rule; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/http1/http.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {

struct HttpMatch {
  std::vector<std::string> method;
  std::vector<TextPattern> path;
  std::vector<TextPattern> query;
  std::vector<HeaderPattern> header;
  std::vector<TextPattern> content_type;
  std::vector<StatusRange> status;

  bool any() const {
    return !method.empty() || !path.empty() || !query.empty() || !header.empty() ||
           !content_type.empty() || !status.empty();
  }
  // Whether the match selects responses, because it has a status. Otherwise it selects requests.
  bool of_response() const { return !status.empty(); }
  // Returns the name of the first key that the request and its response do not match, or "" if they
  // match.
  std::string_view mismatch(const HttpExchange& exchange) const;
};

std::vector<Field<HttpMatch>> http_match_fields();

}  // namespace brownout::rules
