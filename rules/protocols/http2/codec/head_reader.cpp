#include "rules/protocols/http2/codec/head_reader.h"

#include <charconv>
#include <utility>

namespace brownout::http2 {
namespace {

using rules::same_header_name;

constexpr std::size_t kFieldOverhead = 32;  // RFC 9113, 6.5.2
// Most heads have no more fields; memory for them is below the limit of malloc's fast path.
constexpr std::size_t kUsualFields = 9;

// Returns the authority without the default port of its scheme.
std::string_view without_default_port(std::string_view scheme, std::string_view authority) {
  const std::string_view port = same_header_name(scheme, "https")  ? ":443"
                                : same_header_name(scheme, "http") ? ":80"
                                                                   : "";
  if (!port.empty() && authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

bool same_authority(std::string_view scheme, std::string_view a, std::string_view b) {
  return same_header_name(without_default_port(scheme, a), without_default_port(scheme, b));
}

}  // namespace

void HeadReader::begin(Kind kind) {
  kind_ = kind;
  // The strings keep their memory, unless the last head was taken.
  head_.method.clear();
  head_.target.clear();
  head_.status = 0;
  head_.headers.clear();
  scheme_.clear();
  authority_.clear();
  protocol_.clear();
  bytes_ = fields_ = 0;
  cookie_ = SIZE_MAX;
  other_host_ = false;
}

bool HeadReader::add(std::string_view name, std::string_view value) {
  bytes_ += name.size() + value.size() + kFieldOverhead;
  if (++fields_ > most_fields_ || bytes_ > most_bytes_) return false;
  const bool request = kind_ == Kind::kRequest;
  if (name.starts_with(':')) {
    add_pseudo(name, value);
  } else if (request && name == "cookie") {
    add_cookie(value);
  } else if (request && name == "host") {
    add_host(value);
  } else {
    add_header(name, value);
  }
  return true;
}

void HeadReader::add_pseudo(std::string_view name, std::string_view value) {
  if (name == ":path") {
    head_.target = value;
  } else if (name == ":method") {
    head_.method = value;
  } else if (name == ":scheme") {
    scheme_ = value;
  } else if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), head_.status);
  } else if (name == ":protocol") {
    protocol_ = value;
  } else if (name == ":authority") {
    authority_ = value;
    // Pseudo-headers precede all other fields, so that this is the first header.
    add_header("host", value);
  }
}

void HeadReader::add_header(std::string_view name, std::string_view value) {
  auto& headers = head_.headers;
  if (headers.capacity() == 0) headers.reserve(kUsualFields);
  auto& header = headers.emplace_back();
  header.name.append(name);
  header.value.append(value);
  // HTTP2-Settings belongs to HTTP/1 (RFC 7540, 3.2.1), which nghttp2 does not check.
  header.checked = name != "http2-settings";
}

// Clients may split the Cookie header for better compression (RFC 9113, 8.2.3).
void HeadReader::add_cookie(std::string_view value) {
  if (cookie_ == SIZE_MAX) {
    cookie_ = head_.headers.size();
    add_header("cookie", value);
  } else {
    head_.headers[cookie_].value.append("; ").append(value);
  }
}

void HeadReader::add_host(std::string_view value) {
  if (authority_.empty()) {
    add_header("host", value);
  } else if (!same_authority(scheme_, value, authority_)) {
    other_host_ = true;
  }
}

std::string_view HeadReader::finish() {
  if (kind_ == Kind::kRequest) return finish_request();
  if (kind_ == Kind::kResponse) return finish_response();
  return {};
}

std::string_view HeadReader::finish_request() {
  if (other_host_) return "the Host header and :authority differ (RFC 9113, 8.3.1)";
  const bool web = same_header_name(scheme_, "http") || same_header_name(scheme_, "https");
  if (web && authority_.find('@') != std::string::npos) {
    return ":authority has user information (RFC 9113, 8.3.1)";
  }
  if (rules::is_connect(head_.method) && protocol_.empty()) {
    head_.target = authority_;
  } else if (!head_.target.starts_with('/') && (head_.target != "*" || head_.method != "OPTIONS")) {
    return ":path does not begin with a slash (RFC 9113, 8.3.1)";
  }
  return {};
}

std::string_view HeadReader::finish_response() {
  if (head_.status < 100 || head_.status > 999) return ":status is not a status code";
  return {};
}

}  // namespace brownout::http2
