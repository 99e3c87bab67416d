// The dashboard's files, which are in the binary: the page works without any other server.
#pragma once

#include <optional>

#include "proxy/control/http_server.h"

namespace brownout::proxy {

// None if the path is not one of them.
std::optional<HttpResponse> dashboard_file(const HttpServer::Request& request);

}  // namespace brownout::proxy
