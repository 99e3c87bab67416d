#include "proxy/loop/post.h"

#include <algorithm>
#include <array>

#include "proxy/loop/curl.h"

namespace brownout::proxy {
namespace {

std::size_t keep_response(char* bytes, std::size_t, std::size_t size, void* to) {
  auto& body = *static_cast<std::string*>(to);
  body.append(bytes, std::min(size, kMostPostBody - body.size()));
  return size;
}

int ask_to_give_up(void* options, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const PostOptions*>(options)->give_up() ? 1 : 0;
}

PostFailure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return PostFailure::kNone;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return PostFailure::kUntrusted;
    case CURLE_UNSUPPORTED_PROTOCOL:  // libcurl mistakes a response that is not HTTP/1 for HTTP/0.9
    case CURLE_WEIRD_SERVER_REPLY:
      return PostFailure::kNotHttp;
    case CURLE_ABORTED_BY_CALLBACK:
      return PostFailure::kGivenUp;
    default:
      return PostFailure::kOther;
  }
}

void set_options(CURL* request, const std::string& url, const std::string& body,
                 const PostOptions& options) {
  curl().easy_setopt(request, CURLOPT_URL, url.c_str());
  curl().easy_setopt(request, CURLOPT_POSTFIELDS, body.c_str());
  curl().easy_setopt(request, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl().easy_setopt(request, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  curl().easy_setopt(request, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(request, CURLOPT_WRITEFUNCTION, keep_response);
  if (!options.ca_file.empty()) {
    curl().easy_setopt(request, CURLOPT_CAINFO, options.ca_file.c_str());
  }
  if (options.give_up) {
    curl().easy_setopt(request, CURLOPT_XFERINFOFUNCTION, ask_to_give_up);
    curl().easy_setopt(request, CURLOPT_XFERINFODATA, &options);
    curl().easy_setopt(request, CURLOPT_NOPROGRESS, 0L);
  }
}

}  // namespace

PostResult post(const std::string& url, const std::string& body, const PostOptions& options) {
  PostResult result;
  const CurlHandle request(curl().easy_init());
  CurlList lines(curl().slist_append(nullptr, "Content-Type: application/json"));
  // Disables "Expect: 100-continue". Before a large body, libcurl would wait a second for a
  // response that many servers never send.
  curl().slist_append(lines.get(), "Expect:");
  for (const auto& header : options.headers) curl().slist_append(lines.get(), header.c_str());
  set_options(request.get(), url, body, options);
  std::array<char, CURL_ERROR_SIZE> detail{};
  curl().easy_setopt(request.get(), CURLOPT_HTTPHEADER, lines.get());
  curl().easy_setopt(request.get(), CURLOPT_WRITEDATA, &result.body);
  curl().easy_setopt(request.get(), CURLOPT_ERRORBUFFER, detail.data());
  const auto code = curl().easy_perform(request.get());
  curl().easy_getinfo(request.get(), CURLINFO_RESPONSE_CODE, &result.status);
  // an interim response (1xx) does not count as a response
  if (result.status < 200) result.status = 0;
  curl_off_t sent = 0;
  curl().easy_getinfo(request.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  result.sent = static_cast<std::size_t>(sent) >= body.size() && !body.empty();
  curl_off_t seconds = 0;
  curl().easy_getinfo(request.get(), CURLINFO_RETRY_AFTER, &seconds);
  result.retry_after = std::chrono::seconds(std::clamp<curl_off_t>(seconds, 0, 86'400));
  char* redirect = nullptr;
  curl().easy_getinfo(request.get(), CURLINFO_REDIRECT_URL, &redirect);
  if (redirect != nullptr) result.redirect = redirect;
  if (code == CURLE_OK) return result;
  // Uses libcurl's detailed message only for a failed verification, where it names the reason.
  // Other detailed messages contain measured times.
  const bool untrusted = failure_of(code) == PostFailure::kUntrusted;
  result.error = untrusted && detail[0] != '\0' ? detail.data() : curl().easy_strerror(code);
  if (result.status == 0) result.failure = failure_of(code);
  return result;
}

}  // namespace brownout::proxy
