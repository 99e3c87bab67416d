#include "rules/protocols/http1/http_match.h"

#include <algorithm>

#include "rules/protocols/http1/query.h"

namespace brownout::rules {
namespace {

void read_headers(const Node& node, HttpMatch& match, Diagnostics& problems) {
  match.header = read_header_patterns("header", R"(user-agent = "curl/*")", node, problems);
}

void read_response_headers(const Node& node, HttpMatch& match, Diagnostics& problems) {
  match.response_header =
      read_header_patterns("response_header", R"(x-cache = "HIT*")", node, problems);
}

void read_method(const Node& node, HttpMatch& match, Diagnostics& problems) {
  auto methods = detail::read_value<std::vector<std::string>>("method", node, {}, problems);
  if (!methods) return;
  for (std::size_t i = 0; i < methods->size(); ++i) {
    const auto checked = check_method((*methods)[i]);
    if (checked) continue;
    const auto& where = node.array() != nullptr ? (*node.array())[i].where : node.where;
    problems.add(where, checked.error().what, checked.error().hint);
  }
  match.method = std::move(*methods);
}

// A table has parameters; a pattern, or a list of patterns, is for the whole query.
void read_query(const Node& node, HttpMatch& match, Diagnostics& problems) {
  if (node.table() != nullptr) {
    match.parameter = read_header_patterns("query", R"(page = "1")", node, problems);
    return;
  }
  auto patterns = detail::read_value<std::vector<TextPattern>>("query", node, {}, problems);
  if (patterns) match.query = std::move(*patterns);
}

// A header may have several lines: any of them may have the value.
bool has_header(const HttpHead& head, const HeaderPattern& wanted) {
  return std::any_of(head.headers.begin(), head.headers.end(), [&](const HttpHeader& header) {
    return same_header_name(header.name, wanted.name) && wanted.value.matches(header.value);
  });
}

bool has_all(const HttpHead& head, const std::vector<HeaderPattern>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](const HeaderPattern& header) { return has_header(head, header); });
}

bool has_parameter(std::string_view query, const HeaderPattern& wanted) {
  return any_parameter(query, [&](std::string_view name, std::string_view value) {
    return name == wanted.name && wanted.value.matches(value);
  });
}

}  // namespace

Result<void> check_method(const std::string& method) {
  const auto meant = method_in_upper_case(method);
  if (meant.empty()) return {};
  return config_error("method " + in_quotes(method) + " matches no request",
                      "methods are case-sensitive: write " + in_quotes(meant));
}

std::string_view HttpMatch::mismatch(const HttpExchange& exchange, bool of_response) const {
  const auto& sent = exchange.request.method;
  if (!method.empty() && std::find(method.begin(), method.end(), sent) == method.end()) {
    return "method";
  }
  if (!path.empty() && !any_matches(path, exchange.path)) return "path";
  if (!query.empty() && !any_matches(query, exchange.query)) return "query";
  for (const auto& wanted : parameter) {
    if (!has_parameter(exchange.query, wanted)) return "query";
  }
  if (!has_all(exchange.request, header)) return "header";
  if (of_response) {
    if (!exchange.response) return "response";
    const auto chosen = [&](const StatusRange& range) {
      return range.contains(exchange.response->status);
    };
    if (!status.empty() && std::none_of(status.begin(), status.end(), chosen)) return "status";
    if (!has_all(*exchange.response, response_header)) return "response_header";
  }
  const auto& media_type = of_response ? exchange.response_type : exchange.request_type;
  if (!content_type.empty() && !any_matches(content_type, media_type)) return "content_type";
  return "";
}

std::vector<Field<HttpMatch>> http_match_fields() {
  auto method =
      field("method", &HttpMatch::method, "http: only requests with these methods, e.g. \"POST\"");
  method.read = read_method;
  return {
      method,
      field("path", &HttpMatch::path,
            "http: only requests for these paths, without the query, e.g. \"/v1/*\" (* matches any "
            "characters), or a regular expression that begins with ~, e.g. \"~^/v[0-9]+/\""),
      nested<HttpMatch>(
          "query", "pattern, list of patterns, or table of patterns",
          "http: only requests with these query strings (after the ?); patterns as for path. A "
          "table compares single parameters, decoded, of which all must match: { page = \"1\" }",
          read_query),
      nested<HttpMatch>(
          "header", "table of patterns",
          "http: only requests with all of these headers: { user-agent = \"curl/*\" }",
          read_headers),
      field("content_type", &HttpMatch::content_type,
            "http: only requests with this media type, or responses if status or "
            "response_header is given; in lower case, without parameters"),
      field("status", &HttpMatch::status,
            "http: only responses with this status: 404, \"5xx\", \"500-504\"; the rule then acts "
            "on the response only"),
      nested<HttpMatch>(
          "response_header", "table of patterns",
          "http: only responses with all of these headers: { x-cache = \"HIT*\" }; the rule then "
          "acts on the response only",
          read_response_headers)};
}

}  // namespace brownout::rules
