// post(): sends one HTTP POST request with a JSON body. Blocks, so it is for background threads,
// such as those of webhooks and the OTLP exporter.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace brownout::proxy {

struct PostResult {
  long status = 0;    // HTTP status of the response; 0 if none arrived
  std::string error;  // why no complete response arrived; "" if one did
};

// Sends the request and waits for the response. `headers` are whole header lines without CRLF.
// Redirects are not followed.
PostResult post(const std::string& url, const std::string& body, std::chrono::milliseconds timeout,
                const std::vector<std::string>& headers = {});

}  // namespace brownout::proxy
