// ApiClient calls the HTTP API of a running proxy for `brownout ctl`. Each call blocks until the
// response has arrived.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "proxy/cli/commands.h"
#include "rules/base/result.h"

namespace brownout::cli {

constexpr int kUnauthorized = 401;
constexpr std::string_view kTokenHint =
    "give its file with --token-file, or the token itself in BROWNOUT_TOKEN";

class ApiClient {
 public:
  struct Answer {
    int status = 0;
    nlohmann::ordered_json body;  // the body of the response; null if the response has none
  };

  // Fails if the token file cannot be read.
  static rules::Result<ApiClient> make(const CtlOptions& options);

  // Sets how long call() waits for a response.
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }
  // Sends a request and returns its response. `path` is relative to /api/v1. Fails if no response
  // arrives. If the connection is lost, the requests "halt" and "resume" are repeated for ten
  // seconds.
  rules::Result<Answer> call(const std::string& method, const std::string& path,
                             const nlohmann::ordered_json& body = nullptr,
                             const std::map<std::string, std::string>& headers = {}) const;
  // Follows the API's event stream and passes each event to `take`, until `take` returns false or
  // the connection is lost.
  rules::Result<void> follow(const std::function<bool(const std::string&)>& take) const;

 private:
  ApiClient() = default;
  std::string url_;
  std::string socket_;  // path of the API's unix socket; "" for TCP
  std::string token_;
  std::string ca_;
  std::chrono::milliseconds patience_ = std::chrono::seconds(30);
};

}  // namespace brownout::cli
