// HttpRequests: sends the HTTP requests of a synthetic user by libcurl, on a kept-alive connection.
// Blocking; use only on the user's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/loop/curl.h"
#include "proxy/rehearsal/curl_transfers.h"
#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {

struct HttpReply {
  long status = 0;
  std::string body;     // at most the first MiB of the response body
  std::string headers;  // lines of headers and trailers, at most 64 KiB
};

// The parts of a request that its probe has no keys for.
struct HttpAsked {
  std::string body = {};                  // sent if it is not empty
  std::vector<std::string> headers = {};  // lines
  rules::HttpVersion version = rules::HttpVersion::kAuto;
  std::string method = {};  // "" for the probe's
};

class HttpRequests {
 public:
  explicit HttpRequests(const ClientSettings& settings) : settings_(settings) {}

  void drop();  // closes the connection; the next request opens a new one
  // Sends a request with the probe's method and returns the response. Sets `connects` to the number
  // of new connections that the request needed.
  Outcome<HttpReply> get(const Target& target, const std::string& url, Instant deadline,
                         std::uint32_t& connects, const HttpAsked& asked = {});

 private:
  curl_slist* connect_to(const Target& target, Instant deadline);

  const ClientSettings settings_;
  std::optional<CurlTransfers> transfers_{std::in_place};
  proxy::CurlHandle handle_;
  std::string why_;
};

// Returns the URL of a target. It has a path only if the rule file has a URL with a path.
std::string base_url(const Target& target);

}  // namespace brownout::rehearsal
