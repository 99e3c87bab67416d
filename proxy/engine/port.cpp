#include "proxy/engine/port.h"

#include "proxy/net/datagrams.h"

namespace brownout::proxy {
namespace {

// Port 0 takes a port that is free for datagrams; that it is free for streams too may need luck.
constexpr int kTries = 20;

Result<std::vector<PortSockets>> open_both(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers) {
  auto datagrams = bind_datagrams(endpoint, workers);
  if (!datagrams) return tl::unexpected(datagrams.error());
  auto streams = listen_on(bound_to(datagrams->front(), endpoint),
                           static_cast<int>(listener.backlog), workers);
  if (!streams) return tl::unexpected(streams.error());
  std::vector<PortSockets> sockets(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    sockets[i] = {std::move((*streams)[i]), std::move((*datagrams)[i])};
  }
  return sockets;
}

}  // namespace

Result<std::vector<PortSockets>> open_port(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers) {
  std::vector<PortSockets> sockets;
  switch (listener.protocol) {
    case rules::Protocol::kTcp:
    case rules::Protocol::kTls:
    case rules::Protocol::kWebSocket:
    case rules::Protocol::kHttp: {
      auto streams = listen_on(endpoint, static_cast<int>(listener.backlog), workers);
      if (!streams) return tl::unexpected(streams.error());
      for (auto& fd : *streams) sockets.push_back({std::move(fd), {}});
      return sockets;
    }
    case rules::Protocol::kUdp: {
      auto datagrams = bind_datagrams(endpoint, workers);
      if (!datagrams) return tl::unexpected(datagrams.error());
      for (auto& fd : *datagrams) sockets.push_back({{}, std::move(fd)});
      return sockets;
    }
    case rules::Protocol::kDns:
      break;
  }
  auto both = open_both(listener, endpoint, workers);
  for (int i = 1; !both && endpoint.port == 0 && i < kTries; ++i) {
    both = open_both(listener, endpoint, workers);
  }
  return both;
}

}  // namespace brownout::proxy
