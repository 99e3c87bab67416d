#include "proxy/engine/port.h"

#include <fcntl.h>

#include <cerrno>

#include "proxy/net/datagrams.h"

namespace brownout::proxy {
namespace {

// Port 0 takes a port that is free for datagrams; that it is free for streams too may need luck.
constexpr int kTries = 20;

Result<std::vector<PortSockets>> open_both(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers,
                                           OursAlready ours) {
  auto datagrams = bind_datagrams(endpoint, workers, ours.datagrams);
  if (!datagrams) return tl::unexpected(datagrams.error());
  auto streams = listen_on(bound_to(datagrams->front(), endpoint),
                           static_cast<int>(listener.backlog), workers, ours.streams);
  if (!streams) return tl::unexpected(streams.error());
  std::vector<PortSockets> sockets(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    sockets[i] = {std::move((*streams)[i]), std::move((*datagrams)[i])};
  }
  return sockets;
}

Result<std::vector<PortSockets>> open_streams(const rules::Listener& listener,
                                              const Endpoint& endpoint, std::size_t workers,
                                              OursAlready ours) {
  auto streams = listen_on(endpoint, static_cast<int>(listener.backlog), workers, ours.streams);
  if (!streams) return tl::unexpected(streams.error());
  std::vector<PortSockets> sockets;
  for (auto& fd : *streams) sockets.push_back({std::move(fd), {}});
  return sockets;
}

Result<std::vector<PortSockets>> open_datagrams(const Endpoint& endpoint, std::size_t workers,
                                                OursAlready ours) {
  auto datagrams = bind_datagrams(endpoint, workers, ours.datagrams);
  if (!datagrams) return tl::unexpected(datagrams.error());
  std::vector<PortSockets> sockets;
  for (auto& fd : *datagrams) sockets.push_back({{}, std::move(fd)});
  return sockets;
}

}  // namespace

Result<std::vector<PortSockets>> open_port(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers,
                                           OursAlready ours) {
  if (!takes_datagrams(listener)) return open_streams(listener, endpoint, workers, ours);
  if (!takes_connections(listener)) return open_datagrams(endpoint, workers, ours);
  auto both = open_both(listener, endpoint, workers, ours);
  for (int i = 1; !both && endpoint.port == 0 && i < kTries; ++i) {
    both = open_both(listener, endpoint, workers, ours);
  }
  return both;
}

Result<std::vector<PortSockets>> reopen(const std::vector<PortSockets>& given, int backlog) {
  std::vector<PortSockets> copies;
  for (const auto& one : given) {
    PortSockets copy;
    if (one.stream) {
      if (::listen(one.stream.get(), backlog) != 0) {
        return tl::unexpected(system_error(Origin::kInternal, "listen", errno));
      }
      copy.stream = Fd(fcntl(one.stream.get(), F_DUPFD_CLOEXEC, 0));
    }
    if (one.datagram) copy.datagram = Fd(fcntl(one.datagram.get(), F_DUPFD_CLOEXEC, 0));
    if ((one.stream && !copy.stream) || (one.datagram && !copy.datagram)) {
      return tl::unexpected(system_error(Origin::kInternal, "dup", errno));
    }
    copies.push_back(std::move(copy));
  }
  return copies;
}

void stop_listening(const std::vector<PortSockets>& sockets) {
  for (const auto& one : sockets) {
    if (one.stream) ::shutdown(one.stream.get(), SHUT_RD);
  }
}

}  // namespace brownout::proxy
