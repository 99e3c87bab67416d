// Serves the dashboard's files, which are compiled into the binary.
#pragma once

#include <optional>

#include "proxy/control/http_server.h"

namespace brownout::proxy {

// Nothing if the request is not for a file of the dashboard.
std::optional<HttpResponse> dashboard_file(const HttpServer::Request& request);

}  // namespace brownout::proxy
