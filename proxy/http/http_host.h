// HttpHost: what flows of HTTP use of the worker that serves them. Use only on the event loop's
// thread.
#pragma once

#include <memory>
#include <utility>

#include "proxy/flow/client_flow.h"
#include "proxy/http/http2_servers.h"
#include "proxy/http/request_copy.h"
#include "proxy/http/server_pool.h"

namespace brownout::proxy {

// A link that ends between iterations of the event loop, since it may be in use until then.
class RetiredLink final : public Retirable {
 public:
  explicit RetiredLink(std::unique_ptr<http2::StreamLink> link) : link_(std::move(link)) {}

 private:
  std::unique_ptr<http2::StreamLink> link_;
};

class HttpHost : public FlowHost {
 public:
  virtual ServerPool& server_pool() = 0;
  virtual Http2Servers& http2_servers() = 0;
  virtual RequestCopies& request_copies() = 0;
};

}  // namespace brownout::proxy
