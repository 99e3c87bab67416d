#include "rules/protocols/http1/http.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "rules/schema/name_pattern.h"

namespace brownout::rules {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string without_port(std::string_view authority) {
  if (const auto user = authority.rfind('@'); user != std::string_view::npos)
    authority.remove_prefix(user + 1);
  if (authority.starts_with('[')) return std::string(authority.substr(0, authority.find(']') + 1));
  return std::string(authority.substr(0, authority.find(':')));
}

std::string media_type(const HttpHead& head) {
  const auto* value = head.find("content-type");
  if (value == nullptr) return {};
  auto type = value->substr(0, value->find(';'));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

}  // namespace

bool is_token(std::string_view name) {
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_token_char(c); });
}

bool same_folded(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

const std::string* HttpHead::find(std::string_view name) const {
  for (const auto& header : headers) {
    if (same_header_name(header.name, name)) return &header.value;
  }
  return nullptr;
}

std::string HttpHead::list(std::string_view name) const {
  std::string all;
  for (const auto& header : headers) {
    if (!same_header_name(header.name, name)) continue;
    if (!all.empty()) all += ", ";
    all += header.value;
  }
  return all;
}

void HttpHead::remove(std::string_view name) {
  std::erase_if(headers, [&](const auto& header) { return same_header_name(header.name, name); });
}

void HttpHead::set(std::string_view name, std::string_view value) {
  const auto first = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return same_header_name(header.name, name);
  });
  if (first == headers.end()) return append(name, value);
  *first = {std::string(name), std::string(value)};
  headers.erase(
      std::remove_if(first + 1, headers.end(),
                     [&](const auto& header) { return same_header_name(header.name, name); }),
      headers.end());
}

void HttpHead::append(std::string_view name, std::string_view value) {
  headers.push_back({std::string(name), std::string(value)});
}

void HttpHead::announce(std::size_t length) {
  remove("transfer-encoding");
  set("content-length", std::to_string(length));
}

std::string HttpHead::text() const {
  std::string text = start_line;
  if (text.empty())
    text = method.empty() ? status_line(status) : method + " " + target + " HTTP/1.1";
  text += "\r\n";
  for (const auto& header : headers) {
    text += header.line.empty() ? header.name + ": " + header.value : header.line;
    text += "\r\n";
  }
  return text + "\r\n";
}

std::string_view method_in_upper_case(std::string_view text) {
  constexpr std::array<std::string_view, 9> kMethods{
      "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  for (const auto method : kMethods) {
    if (text != method && same_header_name(text, method)) return method;
  }
  return {};
}

HttpExchange HttpExchange::of(HttpHead request) {
  HttpExchange exchange;
  exchange.set_request(std::move(request));
  return exchange;
}

void HttpExchange::set_request(HttpHead head) {
  request = std::move(head);
  std::string_view target = request.target;
  std::string authority;
  // Targets in absolute-form and authority-form contain the host (RFC 9112, 3.2).
  if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != target.npos) {
    target.remove_prefix(scheme + 3);
    const auto end = std::min(target.find_first_of("/?"), target.size());
    authority = target.substr(0, end);
    target.remove_prefix(end);
  } else if (is_connect(request.method)) {
    authority = std::exchange(target, {});
  } else if (const auto* named = request.find("host")) {
    authority = *named;
  }
  host = canonical_name(without_port(authority));
  const auto mark = target.find('?');
  path = target.empty() || mark == 0 ? "/" : target.substr(0, mark);
  query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  request_type = media_type(request);
}

void HttpExchange::set_response(HttpHead head) {
  response_type = media_type(head);
  response = std::move(head);
}

bool may_have_body(std::string_view method, int status) {
  const bool tunnel = is_connect(method) && status < 300;
  return method != "HEAD" && !tunnel && status >= 200 && status != 204 && status != 304;
}

void make_grpc(HttpAnswer& answer, const HttpExchange& asked, std::int64_t grpc_status) {
  constexpr std::string_view kType = "application/grpc";
  const auto* type = asked.request.find("content-type");
  const bool known = type != nullptr && asked.request_type.starts_with(kType);
  answer.status = 200;
  answer.headers.push_back({"content-type", known ? *type : std::string(kType)});
  answer.headers.push_back({"grpc-status", std::to_string(grpc_status)});
}

std::string status_line(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_phrase(status));
}

std::string_view reason_phrase(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 38> kPhrases{{
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {417, "Expectation Failed"},
      {418, "I'm a teapot"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  }};
  for (const auto& [code, phrase] : kPhrases) {
    if (code == status) return phrase;
  }
  return {};
}

Result<StatusRange> StatusRange::parse(std::string_view text) {
  return ValueKind<StatusRange>::read(Node{std::string(text)});
}

Result<StatusRange> ValueKind<StatusRange>::read(const Node& node) {
  constexpr std::string_view kHint = R"(e.g. 404, "5xx" or "500-504")";
  StatusRange range;
  if (const auto* number = std::get_if<std::int64_t>(&node.value)) {
    // Clamp numbers beyond the range of int to an invalid value, instead of truncating them.
    range.first = range.last = static_cast<int>(std::clamp<std::int64_t>(*number, 0, 1000));
  } else if (const auto* text = node.string()) {
    const auto number_at = [&](std::size_t at, int& out) {
      const char* begin = text->data() + at;
      const auto end = std::from_chars(begin, text->data() + text->size(), out);
      return end.ec == std::errc() ? static_cast<std::size_t>(end.ptr - begin) : 0;
    };
    int hundreds = 0;
    if (text->size() == 3 && text->ends_with("xx") && number_at(0, hundreds) == 1) {
      range = {hundreds * 100, hundreds * 100 + 99};
    } else if (number_at(0, range.first) == 3 && text->size() == 7 && (*text)[3] == '-' &&
               number_at(4, range.last) == 3) {
    } else if (text->size() == 3 && number_at(0, range.first) == 3) {
      range.last = range.first;
    } else {
      return config_error(in_quotes(*text) + " is not a status", std::string(kHint));
    }
  } else {
    return wrong_type(node, "a status");
  }
  if (range.first < 100 || range.last > 599 || range.last < range.first) {
    return config_error("a status is from 100 to 599", std::string(kHint));
  }
  return range;
}

std::string ValueKind<StatusRange>::print(const StatusRange& value) {
  if (value.first == value.last) return std::to_string(value.first);
  return in_quotes(std::to_string(value.first) + "-" + std::to_string(value.last));
}

Result<HttpHeader> make_header(std::string name, std::string value) {
  if (!is_token(name)) {
    return config_error(in_quotes(name) + " is not a header name", "e.g. \"retry-after\"");
  }
  constexpr std::string_view kForbidden("\r\n\0", 3);
  if (value.find_first_of(kForbidden) != std::string::npos) {
    return config_error("header " + in_quotes(name) +
                            ": the value contains a line break or NUL, which no header may contain",
                        "leave CR, LF and NUL out");
  }
  return HttpHeader{std::move(name), std::move(value)};
}

Result<std::vector<HttpHeader>> ValueKind<std::vector<HttpHeader>>::read(const Node& node) {
  if (node.table() == nullptr) return wrong_type(node, "a table of headers");
  std::vector<HttpHeader> headers;
  for (const auto& member : *node.table()) {
    const auto* text = member.node.string();
    const auto* number = std::get_if<std::int64_t>(&member.node.value);
    if (text == nullptr && number == nullptr) return wrong_type(member.node, "a header value");
    auto header = make_header(member.key, text != nullptr ? *text : std::to_string(*number));
    if (!header) {
      header.error().where = member.where;
      return tl::unexpected(std::move(header.error()));
    }
    headers.push_back(std::move(*header));
  }
  return headers;
}

}  // namespace brownout::rules
