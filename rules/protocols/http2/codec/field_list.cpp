#include "rules/protocols/http2/codec/field_list.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace brownout::http2 {
namespace {

using rules::HttpHeader;
using rules::same_header_name;

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Whether the list of tokens has this token.
bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (same_header_name(trimmed(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

// Whether the header concerns one connection only (RFC 9113, 8.2.2; RFC 9110, 7.6.1).
// HTTP2-Settings belongs to the upgrade of RFC 7540, 3.2.
bool is_of_connection(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames{"connection",       "keep-alive",
                                                   "proxy-connection", "transfer-encoding",
                                                   "upgrade",          "http2-settings"};
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](auto known) { return same_header_name(known, name); });
}

bool is_value(std::string_view value) {
  const auto has = [&](char c) { return value.find(c) != std::string_view::npos; };
  return !has('\r') && !has('\n') && !has('\0');
}

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// How a name is sent, as a set: kMixed means in lower case, kInvalid not at all. By character.
constexpr unsigned kMixed = 1;
constexpr unsigned kInvalid = 2;
constexpr auto kNameForms = [] {
  std::array<std::uint8_t, 256> all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto c = static_cast<char>(i);
    all[i] = static_cast<std::uint8_t>(!rules::is_token_char(c) ? kInvalid
                                       : is_upper(c)            ? kMixed
                                                                : 0);
  }
  return all;
}();
unsigned form_of(std::string_view name) {
  unsigned form = name.empty() ? kInvalid : 0;
  for (const char c : name) form |= kNameForms[static_cast<unsigned char>(c)];
  return form;
}

// The parts of a target in absolute-form (RFC 9112, 3.2.2). A target in another form is the path.
struct Url {
  std::string_view scheme;
  std::string_view authority;
  std::string_view path;
};
Url split(std::string_view target) {
  const auto mark = target.starts_with('/') ? std::string_view::npos : target.find("://");
  if (mark == std::string_view::npos) return {{}, {}, target};
  auto rest = target.substr(mark + 3);
  rest = rest.substr(0, rest.find('#'));  // a request has no fragment (RFC 9110, 7.1)
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  return {target.substr(0, mark), rest.substr(0, end), rest.substr(end)};
}

std::string listed_in_connection(const std::vector<HttpHeader>& headers) {
  std::string named;
  for (const auto& header : headers) {
    if (same_header_name(header.name, "connection")) named.append(header.value).append(",");
  }
  return named;
}

}  // namespace

void FieldList::add(std::string_view name, std::string_view value, unsigned flags) {
  const auto bytes = [](std::string_view text) {
    // nghttp2 does not change the text, but its type is not const.
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  fields_.push_back(
      {bytes(name), bytes(value), name.size(), value.size(), static_cast<std::uint8_t>(flags)});
}

void FieldList::add_unchecked(const HttpHeader& header, std::string_view listed) {
  std::string_view name = header.name;
  auto value = trimmed(header.value);
  const auto form = form_of(name);
  if ((form & kInvalid) != 0 || !is_value(value) || is_of_connection(name)) return;
  if (same_header_name(name, "te")) {
    if (!has_token(value, "trailers")) return;
    value = "trailers";
  } else if (has_token(listed, name)) {
    return;
  }
  if (form == kMixed) {
    std::string low(name);
    for (auto& c : low) c = is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    name = keep(std::move(low));
  }
  add(name, value);
}

void FieldList::add_headers(const std::vector<HttpHeader>& headers,
                            std::initializer_list<std::string_view> left_out) {
  const auto listed = listed_in_connection(headers);
  const unsigned flags =
      lasts_ ? NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE : NGHTTP2_NV_FLAG_NONE;
  for (const auto& header : headers) {
    const bool skips = std::any_of(left_out.begin(), left_out.end(), [&](std::string_view name) {
      return same_header_name(header.name, name);
    });
    if (skips) continue;
    const bool passes = header.checked && listed.empty();
    passes ? add(header.name, header.value, flags) : add_unchecked(header, listed);
  }
}

FieldList FieldList::of_request(const rules::HttpHead& head, std::string_view scheme,
                                std::string_view protocol) {
  FieldList list;
  list.fields_.reserve(head.headers.size() + 5);
  const bool tunnel = rules::is_connect(head.method) && protocol.empty();
  auto url = tunnel ? Url{{}, head.target, {}} : split(head.target);
  if (const auto* host = head.find("host"); url.authority.empty() && host != nullptr) {
    url.authority = trimmed(*host);
  }
  list.add_pseudo(":method", head.method);
  if (!protocol.empty()) list.add_pseudo(":protocol", protocol);
  if (!tunnel) {
    list.add_pseudo(":scheme", url.scheme.empty() ? scheme : url.scheme);
    // A URL without a path means the root, or the whole server for OPTIONS (RFC 9113, 8.3.1).
    if (url.path.empty()) url.path = head.method == "OPTIONS" ? "*" : "/";
    if (url.path.starts_with('?')) url.path = list.keep("/" + std::string(url.path));
    list.add_pseudo(":path", url.path);
  }
  if (!url.authority.empty()) list.add_pseudo(":authority", url.authority);
  list.add_headers(head.headers, {"host"});
  return list;
}

FieldList FieldList::of_response(int status, const std::vector<HttpHeader>& headers, bool lasts) {
  FieldList list;
  list.lasts_ = lasts;
  list.fields_.reserve(headers.size() + 1);
  list.add_pseudo(":status", list.keep(std::to_string(status)));
  list.add_headers(headers, {});
  return list;
}

FieldList FieldList::of_trailers(const std::vector<HttpHeader>& trailers) {
  FieldList list;
  list.fields_.reserve(trailers.size());
  // Fields that frame or route a message are no trailers (RFC 9110, 6.5.1).
  list.add_headers(trailers, {"content-length", "host"});
  return list;
}

}  // namespace brownout::http2
