// HttpHost: the interface through which an HTTP flow uses its worker: the pools of connections to
// servers, and copies of requests. Use only on the event loop's thread.
#pragma once

#include <memory>
#include <utility>

#include "proxy/flow/client_flow.h"
#include "proxy/http/http2_servers.h"
#include "proxy/http/request_copy.h"
#include "proxy/http/server_pool.h"

namespace brownout::proxy {

// Defers the destruction of a link to the end of the event loop's iteration, since the link may be
// in use until then.
class RetiredLink final : public Retirable {
 public:
  explicit RetiredLink(std::unique_ptr<http2::StreamLink> link) : link_(std::move(link)) {}

 private:
  std::unique_ptr<http2::StreamLink> link_;
};

// Whether a response counts as a success. Only 5xx are failures: 4xx are correct answers to a wrong
// request.
inline bool is_success(int status) { return status > 0 && status < 500; }

// Whether connections from a client to a server of the group must not serve other clients: those to
// the client's original destination, and those that begin with a PROXY header about the client.
inline bool is_private(const rules::FlowFacts& client, const UpstreamGroup& group) {
  return client.intercepted ||
         group.config().send_proxy_protocol != rules::ProxyHeaderVersion::kNone;
}

class HttpHost : public FlowHost {
 public:
  virtual ServerPool& server_pool() = 0;
  virtual Http2Servers& http2_servers() = 0;
  virtual RequestCopies& request_copies() = 0;
  // Whether the proxy is about to end, so that clients are asked to close their connections.
  virtual bool draining() const = 0;
};

}  // namespace brownout::proxy
