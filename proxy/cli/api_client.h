// A client of a running proxy's API, for `brownout ctl`. Blocking.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "proxy/cli/commands.h"
#include "rules/base/result.h"

namespace brownout::cli {

class ApiClient {
 public:
  struct Answer {
    int status = 0;
    nlohmann::ordered_json body;  // null if there is none
  };

  // An error if a token or a certificate cannot be read.
  static rules::Result<ApiClient> make(const CtlOptions& options);

  // `path` is below /api/v1. An error when nobody answers. For ten seconds, halt and resume are
  // asked again when the connection is lost.
  rules::Result<Answer> call(const std::string& method, const std::string& path,
                             const nlohmann::ordered_json& body = nullptr,
                             const std::map<std::string, std::string>& headers = {}) const;
  // Lines of events, until `take` says no or the connection is lost.
  rules::Result<void> follow(const std::function<bool(const std::string&)>& take) const;

 private:
  ApiClient() = default;
  std::string url_;
  std::string socket_;  // the path of a unix socket, or ""
  std::string token_;
  std::string ca_;
};

}  // namespace brownout::cli
