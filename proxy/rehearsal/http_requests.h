// Requests by libcurl, on a connection that is kept alive. Blocking; used by its user's thread
// only.
#pragma once

#include <optional>
#include <string>

#include "proxy/loop/curl.h"
#include "proxy/rehearsal/curl_transfers.h"
#include "proxy/rehearsal/probe_client.h"

namespace brownout::rehearsal {

struct HttpReply {
  long status = 0;
  std::string body;  // its first MiB
};

class HttpRequests {
 public:
  explicit HttpRequests(const ClientSettings& settings) : settings_(settings) {}

  void drop();
  // `connects`: how many connections it took.
  Outcome<HttpReply> get(const Target& target, const std::string& url, Instant deadline,
                         std::uint32_t& connects);

 private:
  curl_slist* connect_to(const Target& target, Instant deadline);

  const ClientSettings settings_;
  std::optional<CurlTransfers> transfers_{std::in_place};
  proxy::CurlHandle handle_;
  std::string why_;
};

// The URL of a target, without a path unless the file has one.
std::string base_url(const Target& target);

}  // namespace brownout::rehearsal
