// rewrite_request: changes the method, the path and the query of requests.
#include <algorithm>

#include "rules/engine/fault.h"
#include "rules/engine/http_fault.h"
#include "rules/protocols/http1/query.h"

namespace brownout::rules {
namespace {

struct RewriteRequestSettings {
  std::optional<std::string> method;
  std::optional<std::string> path;
  std::optional<std::string> query;
  std::vector<QueryParameter> set_parameters;
  std::optional<std::vector<std::string>> remove_parameters;
};

// Responses to these methods have other rules for their body, so that the proxy and its client
// would disagree about where a response ends (RFC 9112, 6.3).
bool has_special_response(std::string_view method) {
  return method == "HEAD" || method == "CONNECT";
}

// Whether a part of a request's target contains only characters of URLs (RFC 3986, 2).
bool is_of_url(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '#' && c != '"' && c != '<' && c != '>';
  });
}

// Reports parameter names that look like a part of a query ("a=1&b") instead of a name.
void check_parameters(const RewriteRequestSettings& settings, const Node& table,
                      Diagnostics& problems) {
  const auto check = [&](std::string_view key, const std::string& name) {
    if (!name.starts_with('?') && name.find_first_of("&=") == std::string::npos) return;
    problems.add(position_of(table, key), in_quotes(name) + " is not the name of a parameter",
                 "write the name alone, without ?, & and =, e.g. { page = \"1\" }");
  };
  const auto removed = settings.remove_parameters.value_or(std::vector<std::string>());
  for (const auto& name : removed) check("remove_parameters", name);
  for (const auto& parameter : settings.set_parameters) {
    check("set_parameters", parameter.name);
    if (std::find(removed.begin(), removed.end(), parameter.name) == removed.end()) continue;
    problems.add(
        position_of(table, "remove_parameters"),
        "parameter " + in_quotes(parameter.name) + " is both set and removed",
        "remove it from remove_parameters: set_parameters already replaces its old values");
  }
}

class RewriteRequest final : public HttpOnlyFault {
 public:
  using Settings = RewriteRequestSettings;
  explicit RewriteRequest(const Settings& settings) : settings_(settings) {}

  static const Schema<Settings>& schema() {
    static const Schema<Settings> schema{{
        field("method", &Settings::method,
              "the new method, e.g. \"POST\"; HEAD and CONNECT are not possible, and the method of "
              "HEAD and CONNECT requests stays"),
        field("path", &Settings::path, "the new path, which begins with /"),
        field("query", &Settings::query, "the new query, without the ?"),
        field("set_parameters", &Settings::set_parameters,
              "parameters of the query with their new values, e.g. { page = \"1\" }; a parameter "
              "that the query lacks is added"),
        field("remove_parameters", &Settings::remove_parameters,
              "names of the parameters that are removed from the query"),
    }};
    return schema;
  }

  static void check(const Settings& settings, const Node& table, Diagnostics& problems) {
    const bool any = settings.method || settings.path || settings.query ||
                     !settings.set_parameters.empty() || settings.remove_parameters;
    if (!any) {
      problems.add(table.where, "fault \"rewrite_request\" changes nothing",
                   "give method, path, query, set_parameters or remove_parameters");
    }
    if (settings.method &&
        (!is_token(*settings.method) || has_special_response(*settings.method))) {
      problems.add(position_of(table, "method"),
                   in_quotes(*settings.method) + " cannot be the new method of a request",
                   "e.g. \"POST\" or \"DELETE\"");
    }
    if (const auto meant = method_in_upper_case(settings.method.value_or("")); !meant.empty()) {
      problems.add(position_of(table, "method"),
                   "servers do not recognise the method " + in_quotes(*settings.method),
                   "methods are case-sensitive: write " + in_quotes(meant));
    }
    check_parameters(settings, table, problems);
    const bool right = settings.path && settings.path->starts_with('/') &&
                       is_of_url(*settings.path) && settings.path->find('?') == std::string::npos;
    if (settings.path && !right) {
      problems.add(
          position_of(table, "path"), in_quotes(*settings.path) + " is not a path",
          "begin the path with /, and percent-encode blanks and special characters (%20 is "
          "a blank); write the part after ? in `query`");
    }
    if (settings.query && !is_of_url(*settings.query)) {
      problems.add(position_of(table, "query"), in_quotes(*settings.query) + " is not a query",
                   "percent-encode blanks and special characters (%20 is a blank)");
    }
  }

  std::optional<Note> act(const HttpContext&, HttpMessage& message) const override {
    auto& head = message.head;
    if (message.decided() || !head.target.starts_with('/')) return std::nullopt;
    const auto mark = std::min(head.target.find('?'), head.target.size());
    const auto path = settings_.path.value_or(head.target.substr(0, mark));
    auto query =
        settings_.query.value_or(head.target.substr(std::min(mark + 1, head.target.size())));
    if (settings_.remove_parameters)
      query = without_parameters(query, *settings_.remove_parameters);
    for (const auto& parameter : settings_.set_parameters) query = with_parameter(query, parameter);
    if (settings_.method && !has_special_response(head.method)) head.method = *settings_.method;
    head.target = query.empty() ? path : path + "?" + query;
    const auto version = head.start_line.substr(head.start_line.rfind(' ') + 1);
    head.start_line = head.method + " " + head.target + " " + version;
    message.edited = true;
    return Note{.action = "rewrite"};
  }

 private:
  Settings settings_;
};

}  // namespace

extern const FaultKind kRewriteRequest = describe<RewriteRequest>(
    {.name = "rewrite_request",
     .level = Level::kMessage,
     .carriers = kHttpRequests,
     .http_part = ExchangePart::kRequest,
     .summary = "The server gets the request with another method, path or query, as from a wrong "
                "rewrite rule of a gateway. The client gets the answer to that request.",
     .correct_client = "reports a 404 or 405, and content that does not fit its request, and "
                       "repeats the request only a bounded number of times",
     .unit = "request",
     .composition = "each rule changes the request that the previous one left, in the order of the "
                    "file; rules "
                    "match the request as the client sent it",
     .source = "RFC 9112, 3 (request line); RFC 9110, 9 (methods); WHATWG URL Standard, 5.1"});

}  // namespace brownout::rules
