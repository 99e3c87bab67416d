#include "rules/protocols/http1/forward.h"

#include <algorithm>
#include <array>
#include <string>

namespace brownout::rules {
namespace {

constexpr std::string_view kScheme = "http://";

struct Url {
  std::string_view authority;  // host and port, without the user name
  std::string_view rest;       // path and query
};

std::optional<Url> read_url(std::string_view target) {
  if (target.size() < kScheme.size() ||
      !same_header_name(target.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  target.remove_prefix(kScheme.size());
  const auto end = std::min(target.find_first_of("/?#"), target.size());
  Url url{target.substr(0, end), target.substr(end)};
  if (const auto user = url.authority.rfind('@'); user != std::string_view::npos) {
    url.authority.remove_prefix(user + 1);
  }
  return url;
}

bool has_port(std::string_view authority) {
  const auto colon = authority.rfind(':');
  return colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos;
}

// Calls `use` for each element of a comma-separated header value, without the white space around
// the element.
template <class Use>
void each_token(std::string_view list, Use use) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto token = list.substr(0, comma);
    while (token.starts_with(' ') || token.starts_with('\t')) token.remove_prefix(1);
    while (token.ends_with(' ') || token.ends_with('\t')) token.remove_suffix(1);
    if (!token.empty()) use(token);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

bool frames_the_body(std::string_view name) {
  return same_header_name(name, "content-length") || same_header_name(name, "transfer-encoding");
}

}  // namespace

Result<Endpoint> server_of(std::string_view target) {
  const auto url = read_url(target);
  if (!url)
    return config_error(
        "the request target is not a URL that begins with http://",
        "configure the address of this listener as the client's HTTP proxy, not as its server");
  auto text = std::string(url->authority);
  if (text.ends_with(':')) text.pop_back();
  if (!has_port(text)) text += ":80";
  auto server = parse_endpoint(text);
  if (!server || server->is_unix() || server->port == 0) {
    return config_error("the URL has no host, or its port is not from 1 to 65535");
  }
  return server;
}

void make_direct(HttpHead& request) {
  if (const auto url = read_url(request.target)) {
    const auto version = request.start_line.substr(request.start_line.rfind(' ') + 1);
    const auto authority = std::string(url->authority);
    std::string path(url->rest.substr(0, url->rest.find('#')));
    if (!path.starts_with('/')) path.insert(0, "/");
    // OPTIONS for a server as a whole, which is a URL without a path, has the target "*" (RFC 9112,
    // 3.2.4).
    if (request.method == "OPTIONS" && url->rest.empty()) path = "*";
    request.target = path;
    request.start_line = request.method + " " + path + " " + version;
    request.set("Host", authority);
  }
  remove_hop_headers(request);
}

bool offers_h2c(const HttpHead& request) {
  bool offers = false;
  each_token(request.list("upgrade"),
             [&](std::string_view token) { offers |= same_header_name(token, "h2c"); });
  return offers;
}

void remove_h2c(HttpHead& request) {
  const auto without = [&](const std::string& name, std::string_view unwanted) {
    std::string rest;
    each_token(request.list(name), [&](std::string_view token) {
      if (same_header_name(token, unwanted)) return;
      rest.append(rest.empty() ? "" : ", ").append(token);
    });
    rest.empty() ? request.remove(name) : request.set(name, rest);
    return rest.empty();
  };
  const bool last = without("upgrade", "h2c");
  without("connection", "http2-settings");
  if (last) without("connection", "upgrade");
  request.remove("http2-settings");
}

void remove_hop_headers(HttpHead& head) {
  constexpr std::array<std::string_view, 7> kHopHeaders{
      "connection", "keep-alive", "proxy-connection",   "proxy-authorization",
      "te",         "upgrade",    "proxy-authenticate",
  };
  each_token(head.list("connection"), [&](std::string_view name) {
    if (!frames_the_body(name) && !same_header_name(name, "host")) head.remove(name);
  });
  for (const auto name : kHopHeaders) head.remove(name);
}

}  // namespace brownout::rules
