// HttpHost: what flows of HTTP use of the worker that serves them. Use only on the event loop's
// thread.
#pragma once

#include "proxy/flow/client_flow.h"
#include "proxy/http/http2_servers.h"
#include "proxy/http/request_copy.h"
#include "proxy/http/server_pool.h"

namespace brownout::proxy {

class HttpHost : public FlowHost {
 public:
  virtual ServerPool& server_pool() = 0;
  virtual Http2Servers& http2_servers() = 0;
  virtual RequestCopies& request_copies() = 0;
};

}  // namespace brownout::proxy
