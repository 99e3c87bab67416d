// Starts the dashboard and the API of `run` and `rehearse`.
#pragma once

#include <memory>
#include <string>

#include "proxy/control/admin.h"

namespace brownout::cli {

// Starts the API. `api` is the value of --api: an address, "off", or "" for the default address.
// Returns null if `api` is "off". If the default address is in use, logs a warning and returns
// null.
rules::Result<std::unique_ptr<proxy::Admin>> serve_api(proxy::Loop& loop, const std::string& api,
                                                       proxy::AdminOptions options,
                                                       proxy::LiveConfig& live,
                                                       proxy::EventStream& stream,
                                                       toxiproxy::Api& toxiproxy);

// Returns the address for users, such as "http://127.0.0.1:8474" or "unix:/run/brownout.sock".
std::string address_of_api(const proxy::Admin& admin, const proxy::AdminOptions& options);

}  // namespace brownout::cli
