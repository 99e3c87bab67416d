#include "proxy/rehearsal/http_requests.h"

#include <algorithm>

namespace brownout::rehearsal {
namespace {

constexpr std::size_t kMostKept = 1 << 20;

std::size_t keep(char* data, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<std::string*>(to);
  body.append(data, std::min(size, kMostKept - std::min(kMostKept, body.size())));
  return size;
}

}  // namespace

void HttpRequests::drop() {
  handle_.reset();
  transfers_.emplace();
}

Outcome<HttpReply> HttpRequests::get(const Target& target, const std::string& url, Instant deadline,
                                     std::uint32_t& connects) {
  const auto& curl = proxy::curl();
  if (!handle_) handle_.reset(curl.easy_init());
  auto* handle = handle_.get();
  const auto& probe = *settings_.probe;
  HttpReply reply;
  curl.easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl.easy_setopt(handle, CURLOPT_CUSTOMREQUEST, probe.method.c_str());
  curl.easy_setopt(handle, CURLOPT_NOBODY, probe.method == "HEAD" ? 1L : 0L);
  curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl.easy_setopt(handle, CURLOPT_PROXY, "");
  curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep);
  curl.easy_setopt(handle, CURLOPT_WRITEDATA, &reply.body);
  if (!probe.ca.empty()) curl.easy_setopt(handle, CURLOPT_CAINFO, probe.ca.c_str());
  if (settings_.local) {
    curl.easy_setopt(handle, CURLOPT_INTERFACE, ("host!" + to_text(*settings_.local)).c_str());
  }
  const proxy::CurlList elsewhere(connect_to(target, deadline));
  if (!why_.empty()) return tl::unexpected(why_);
  curl.easy_setopt(handle, CURLOPT_CONNECT_TO, elsewhere.get());
  const auto code = transfers_->perform(handle, deadline);
  long made = 0;
  curl.easy_getinfo(handle, CURLINFO_NUM_CONNECTS, &made);
  connects = static_cast<std::uint32_t>(made);
  if (code != CURLE_OK) return tl::unexpected(std::string(curl.easy_strerror(code)));
  curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply.status);
  return reply;
}

// Looks up the name that the probe's key `resolve` gives, and returns the address in libcurl's form
// (CURLOPT_CONNECT_TO). Returns null without such a name. Also returns null if the lookup fails;
// why_ then has the reason.
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
