// Starts the dashboard and the API of `run` and `rehearse`.
#pragma once

#include <memory>
#include <string>

#include "proxy/control/admin.h"

namespace brownout::cli {

struct ServedApi {
  std::unique_ptr<proxy::Admin> admin;  // null if there is no API
  std::string warning;                  // why the default address has no API, and what to do; or ""
};

// `api` is the value of --api: an address, "off", or "" for the default address. If the default
// address is in use, the result has a warning and no API. It is an error if a token or a
// certificate was given, since the user then wants the API.
rules::Result<ServedApi> serve_api(proxy::Loop& loop, const std::string& api,
                                   proxy::AdminOptions options, proxy::LiveConfig& live,
                                   proxy::EventStream& stream, toxiproxy::Api& toxiproxy);

// Returns the address for users, such as "http://127.0.0.1:8474" or "unix:/run/brownout.sock".
std::string address_of_api(const proxy::Admin& admin, const proxy::AdminOptions& options);

}  // namespace brownout::cli
