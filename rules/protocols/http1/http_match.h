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
  std::vector<HeaderPattern> parameter;  // the key `query`, if it is a table
  std::vector<HeaderPattern> header;
  std::vector<TextPattern> content_type;
  std::vector<StatusRange> status;
  std::vector<HeaderPattern> response_header;

  bool any() const {
    return !method.empty() || !path.empty() || !query.empty() || !parameter.empty() ||
           !header.empty() || !content_type.empty() || of_response();
  }
  // Whether a key is about the response. Then the rule acts on responses, else on requests.
  bool of_response() const { return !status.empty() || !response_header.empty(); }
  // Returns the name of the first key that the request and its response do not match, or "" if they
  // match. `of_response` says whether the rule as a whole acts on responses; each table of its
  // `not` has an HttpMatch of its own.
  std::string_view mismatch(const HttpExchange& exchange, bool of_response) const;
};

// Fails if the method is a standard one in another case, which no request has.
Result<void> check_method(const std::string& method);

std::vector<Field<HttpMatch>> http_match_fields();

}  // namespace brownout::rules
