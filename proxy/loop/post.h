// post(): sends one HTTP POST request with a JSON body. Blocks, so it is for background threads,
// such as those of webhooks and the OTLP exporter.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace brownout::proxy {

struct PostOptions {
  std::chrono::milliseconds timeout;
  std::vector<std::string> headers = {};  // whole header lines without CRLF
  std::string ca_file = {};               // PEM file of trusted CAs; "" for the system's CAs
  // Is asked at least once a second. If it returns true, the request ends with kGivenUp.
  std::function<bool()> give_up = {};
};

enum class PostFailure {
  kNone,       // a response arrived, or at least its status
  kUntrusted,  // the server's certificate is not trusted, or is for another name
  kNotHttp,    // the server does not speak HTTP/1
  kGivenUp,    // give_up() returned true
  kOther       // for example no connection, or no response in time
};

struct PostResult {
  long status = 0;         // HTTP status of the response; 0 if none arrived
  std::string error = {};  // why no complete response arrived; "" if one did
  PostFailure failure = PostFailure::kNone;
  // Whether the whole request was sent. If no response arrived, the server may have acted on it.
  bool sent = false;
  std::string body = {};                  // at most the first kMostPostBody bytes of the response
  std::string redirect = {};              // where a response with 3xx points; "" otherwise
  std::chrono::seconds retry_after = {};  // Retry-After of the response; 0 if there is none
};
inline constexpr std::size_t kMostPostBody = 64 * 1024;

// Sends the request and waits for the response. Redirects are not followed.
PostResult post(const std::string& url, const std::string& body, const PostOptions& options);

}  // namespace brownout::proxy
