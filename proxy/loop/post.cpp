#include "proxy/loop/post.h"

#include "proxy/loop/curl.h"

namespace brownout::proxy {
namespace {

std::size_t discard_response(char*, std::size_t, std::size_t size, void*) { return size; }

}  // namespace

PostResult post(const std::string& url, const std::string& body, std::chrono::milliseconds timeout,
                const std::vector<std::string>& headers) {
  const CurlHandle request(curl().easy_init());
  CurlList lines(curl().slist_append(nullptr, "Content-Type: application/json"));
  for (const auto& header : headers) curl().slist_append(lines.get(), header.c_str());
  curl().easy_setopt(request.get(), CURLOPT_URL, url.c_str());
  curl().easy_setopt(request.get(), CURLOPT_HTTPHEADER, lines.get());
  curl().easy_setopt(request.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl().easy_setopt(request.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(body.size()));
  curl().easy_setopt(request.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  curl().easy_setopt(request.get(), CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(request.get(), CURLOPT_WRITEFUNCTION, discard_response);
  const auto code = curl().easy_perform(request.get());
  PostResult result;
  curl().easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &result.status);
  if (code != CURLE_OK) result.error = curl().easy_strerror(code);
  return result;
}

}  // namespace brownout::proxy
