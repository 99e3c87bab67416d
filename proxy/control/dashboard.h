// Serves the files of the web dashboard over HTTP. The files are compiled into the binary.
#pragma once

#include <optional>

#include "proxy/control/http_server.h"

namespace brownout::proxy {

// Returns the requested file of the dashboard; nothing for any other path.
std::optional<HttpResponse> dashboard_file(const HttpServer::Request& request);

}  // namespace brownout::proxy
