#include "rules/protocols/http1/http_match.h"

#include <algorithm>

namespace brownout::rules {
namespace {

void read_headers(const Node& node, HttpMatch& match, Diagnostics& problems) {
  match.header = read_header_patterns("header", R"(user-agent = "curl/*")", node, problems);
}

}  // namespace

std::string_view HttpMatch::mismatch(const HttpExchange& exchange) const {
  const auto& sent = exchange.request.method;
  if (!method.empty() && std::find(method.begin(), method.end(), sent) == method.end()) {
    return "method";
  }
  if (!path.empty() && !any_matches(path, exchange.path)) return "path";
  if (!query.empty() && !any_matches(query, exchange.query)) return "query";
  for (const auto& wanted : header) {
    const auto* value = exchange.request.find(wanted.name);
    if (value == nullptr || !wanted.value.matches(*value)) return "header";
  }
  if (of_response()) {
    const auto chosen = [&](const StatusRange& range) {
      return exchange.response && range.contains(exchange.response->status);
    };
    if (std::none_of(status.begin(), status.end(), chosen)) return "status";
  }
  const auto& media_type = of_response() ? exchange.response_type : exchange.request_type;
  if (!content_type.empty() && !any_matches(content_type, media_type)) return "content_type";
  return "";
}

std::vector<Field<HttpMatch>> http_match_fields() {
  return {
      field("method", &HttpMatch::method, "http: only requests with these methods, e.g. \"POST\""),
      field("path", &HttpMatch::path,
            "http: only requests for these paths, without the query, e.g. \"/v1/*\" (* matches any "
            "characters), or a regular expression after a ~, e.g. \"~^/v[0-9]+/\""),
      field("query", &HttpMatch::query,
            "http: only requests with these query strings (after the ?); patterns as for path"),
      nested<HttpMatch>(
          "header", "table of patterns",
          "http: only requests with all of these headers: { user-agent = \"curl/*\" }",
          read_headers),
      field("content_type", &HttpMatch::content_type,
            "http: only requests with this media type, or responses if status is given; in lower "
            "case, without parameters"),
      field("status", &HttpMatch::status,
            "http: only responses with this status: 404, \"5xx\", \"500-504\"; the rule then acts "
            "on the response only")};
}

}  // namespace brownout::rules
