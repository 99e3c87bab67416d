#include "proxy/rehearsal/http_requests.h"

#include <algorithm>
#include <utility>

namespace brownout::rehearsal {
namespace {

constexpr std::size_t kMostKept = 1 << 20;
constexpr std::size_t kMostHeaders = 64 << 10;

std::size_t keep(char* data, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<std::string*>(to);
  body.append(data, std::min(size, kMostKept - std::min(kMostKept, body.size())));
  return size;
}

std::size_t keep_all(char* data, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(data, size);
  return size;
}

std::size_t keep_header(char* data, std::size_t, std::size_t size, void* to) {
  auto& lines = *static_cast<std::string*>(to);
  if (lines.size() < kMostHeaders) lines.append(data, size);
  return size;
}

// Without TLS, uses HTTP/2 with prior knowledge, since the upgrade from HTTP/1 is obsolete (RFC
// 9113, 3.1).
long version_of(rules::HttpVersion version, const std::string& url) {
  if (version != rules::HttpVersion::k2)
    return version == rules::HttpVersion::k1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_NONE;
  return url.starts_with("https:") ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
}

}  // namespace

void HttpRequests::drop() {
  if (std::exchange(begun_, false)) transfers_->end(handle_.get());
  handle_.reset();
  transfers_.emplace();
}

std::string HttpRequests::prepare(const Target& target, const std::string& url, Instant deadline,
                                  const HttpAsked& asked) {
  const auto& curl = proxy::curl();
  if (!handle_) handle_.reset(curl.easy_init());
  auto* handle = handle_.get();
  const auto& probe = *settings_.probe;
  reply_ = {};
  version_ = asked.version;
  curl.easy_setopt(handle, CURLOPT_URL, url.c_str());
  const auto& method = asked.method.empty() ? probe.method : asked.method;
  curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl.easy_setopt(handle, CURLOPT_NOBODY, method == "HEAD" ? 1L : 0L);
  curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(handle, CURLOPT_PROXY, "");
  curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, asked.whole ? keep : keep_all);
  curl.easy_setopt(handle, CURLOPT_WRITEDATA, &reply_.body);
  curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, keep_header);
  curl.easy_setopt(handle, CURLOPT_HEADERDATA, &reply_.headers);
  const auto version_wanted = version_of(asked.version, url);
  curl.easy_setopt(handle, CURLOPT_HTTP_VERSION, version_wanted);
  // Works around a bug of libcurl before 8.0, which cannot reuse such a connection (issue 10634).
  curl.easy_setopt(handle, CURLOPT_FRESH_CONNECT,
                   version_wanted == CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE ? 1L : 0L);
  curl_slist* lines = nullptr;
  for (const auto& line : asked.headers) lines = curl.slist_append(lines, line.c_str());
  headers_.reset(lines);
  curl.easy_setopt(handle, CURLOPT_HTTPHEADER, lines);
  if (!asked.body.empty()) {
    curl.easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(asked.body.size()));
    curl.easy_setopt(handle, CURLOPT_POSTFIELDS, asked.body.data());
  }
  if (!probe.ca.empty()) curl.easy_setopt(handle, CURLOPT_CAINFO, probe.ca.c_str());
  if (settings_.local) {
    curl.easy_setopt(handle, CURLOPT_INTERFACE, ("host!" + to_text(*settings_.local)).c_str());
  }
  elsewhere_.reset(connect_to(target, deadline));
  curl.easy_setopt(handle, CURLOPT_CONNECT_TO, elsewhere_.get());
  return why_;
}

std::string HttpRequests::wrong_version() const {
  long version = 0;
  proxy::curl().easy_getinfo(handle_.get(), CURLINFO_HTTP_VERSION, &version);
  const bool wrong = version_ == rules::HttpVersion::k2 && version != CURL_HTTP_VERSION_2_0;
  return wrong ? "the server does not speak HTTP/2" : "";
}

Outcome<HttpReply> HttpRequests::get(const Target& target, const std::string& url, Instant deadline,
                                     std::uint32_t& connects, const HttpAsked& asked) {
  const auto& curl = proxy::curl();
  if (auto why = prepare(target, url, deadline, asked); !why.empty()) return tl::unexpected(why);
  auto* handle = handle_.get();
  const auto code = transfers_->perform(handle, deadline);
  long made = 0;
  curl.easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &made);
  connects = static_cast<std::uint32_t>(made);
  if (code != CURLE_OK) return tl::unexpected(std::string(curl.easy_strerror(code)));
  curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply_.status);
  if (auto why = wrong_version(); !why.empty()) return tl::unexpected(why);
  return std::move(reply_);
}

std::string HttpRequests::begin(const Target& target, const std::string& url, Instant deadline,
                                const HttpAsked& asked) {
  drop();
  if (auto why = prepare(target, url, deadline, asked); !why.empty()) return why;
  transfers_->begin(handle_.get());
  begun_ = true;
  return {};
}

bool HttpRequests::go_on(Instant until) {
  if (!begun_ || !transfers_->under_way()) return false;
  transfers_->go_on(until);
  if (reply_.headers.ends_with("\r\n\r\n"))
    proxy::curl().easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &reply_.status);
  return transfers_->under_way();
}

std::string HttpRequests::media_type() const {
  const char* type = nullptr;
  proxy::curl().easy_getinfo(handle_.get(), CURLINFO_CONTENT_TYPE, &type);
  const std::string_view text = type != nullptr ? type : "";
  return rules::lower_case(text.substr(0, text.find_first_of("; \t")));
}

std::string HttpRequests::why_broken() {
  if (begun_ && !transfers_->under_way()) {
    begun_ = false;
    const auto code = transfers_->end(handle_.get());
    if (code != CURLE_OK) return proxy::curl().easy_strerror(code);
  }
  return reply_.status != 0 ? wrong_version() : std::string();
}

// Looks up the name that the probe's key `resolve` gives, and returns the address in libcurl's form
// (CURLOPT_CONNECT_TO). Returns null if the probe has no `resolve`. Also returns null if the lookup
// fails; why_ then has the reason.
curl_slist* HttpRequests::connect_to(const Target& target, Instant deadline) {
  why_.clear();
  if (target.name.empty() || !target.url.empty()) return nullptr;
  const auto address = address_of(settings_, target, deadline);
  if (!address) {
    why_ = address.error();
    return nullptr;
  }
  return proxy::curl().slist_append(nullptr, ("::" + to_text(*address)).c_str());
}

std::string base_url(const Target& target) {
  return target.url.empty() ? "http://" + to_text(target.address) : target.url;
}

}  // namespace brownout::rehearsal
