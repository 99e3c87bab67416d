#include "proxy/net/port.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "proxy/net/datagrams.h"

namespace brownout::proxy {
namespace {

// Number of ports to try for a listener with TCP and UDP on port 0. The kernel chooses a free UDP
// port, whose number may be in use for TCP.
constexpr int kTries = 20;

Result<std::vector<PortSockets>> open_both(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers,
                                           PortSharing sharing) {
  auto datagrams = bind_datagrams(endpoint, workers, sharing.datagrams());
  if (!datagrams) return tl::unexpected(datagrams.error());
  auto streams = listen_on(bound_to(datagrams->front(), endpoint),
                           static_cast<int>(listener.backlog), workers, sharing.streams());
  if (!streams) return tl::unexpected(streams.error());
  std::vector<PortSockets> sockets(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    sockets[i] = {std::move((*streams)[i]), std::move((*datagrams)[i])};
  }
  return sockets;
}

Result<std::vector<PortSockets>> open_streams(const rules::Listener& listener,
                                              const Endpoint& endpoint, std::size_t workers,
                                              PortSharing sharing) {
  auto streams =
      listen_on(endpoint, static_cast<int>(listener.backlog), workers, sharing.streams());
  if (!streams) return tl::unexpected(streams.error());
  std::vector<PortSockets> sockets;
  for (auto& fd : *streams) sockets.push_back({std::move(fd), {}});
  const auto& followed = listener.rewrite.followed();
  if (!followed.by_port()) return sockets;
  for (int port = followed.ports().first; port <= followed.ports().last; ++port) {
    auto more = listen_on({endpoint.host, static_cast<std::uint16_t>(port), ""},
                          static_cast<int>(listener.backlog), workers, sharing.brokers());
    if (!more) return tl::unexpected(more.error());
    for (std::size_t i = 0; i < workers; ++i) sockets[i].brokers.push_back(std::move((*more)[i]));
  }
  return sockets;
}

Result<std::vector<PortSockets>> open_datagrams(const Endpoint& endpoint, std::size_t workers,
                                                PortSharing sharing) {
  auto datagrams = bind_datagrams(endpoint, workers, sharing.datagrams());
  if (!datagrams) return tl::unexpected(datagrams.error());
  std::vector<PortSockets> sockets;
  for (auto& fd : *datagrams) sockets.push_back({{}, std::move(fd)});
  return sockets;
}

}  // namespace

ComingListeners all_of(const rules::Config& config, ComingListeners all) {
  for (const auto& listener : config.listeners) all[listener.name] = &listener;
  return all;
}

Result<std::vector<PortSockets>> open_port(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers,
                                           PortSharing sharing) {
  if (!takes_datagrams(listener)) return open_streams(listener, endpoint, workers, sharing);
  if (!takes_connections(listener)) return open_datagrams(endpoint, workers, sharing);
  auto both = open_both(listener, endpoint, workers, sharing);
  for (int i = 1; !both && endpoint.port == 0 && i < kTries; ++i) {
    both = open_both(listener, endpoint, workers, sharing);
  }
  return both;
}

bool keeps_sockets(const rules::Listener& old, const rules::Listener& coming) {
  return coming.enabled && old.listen == coming.listen && old.protocol == coming.protocol &&
         takes_datagrams(old) == takes_datagrams(coming) &&
         old.rewrite.followed() == coming.rewrite.followed();
}

bool overlap(const Endpoint& left, const Endpoint& right) {
  if (left.is_unix() || right.is_unix()) return left == right;
  if (left.port == 0 || left.port != right.port) return false;
  const auto host = [](const Endpoint& endpoint) {
    return endpoint.host == "localhost" ? std::string("127.0.0.1") : endpoint.host;
  };
  return left.is_any() || right.is_any() || host(left) == host(right);
}

bool leaves_v4_to(const rules::Listener& listener, std::uint16_t port,
                  const rules::Listener& other) {
  const auto ip = other.listen.ip();
  const bool v4 = (ip && ip->is_v4()) || other.listen.host == "localhost";
  const bool same = (takes_connections(other) && takes_connections(listener)) ||
                    (takes_datagrams(other) && takes_datagrams(listener));
  return other.enabled && other.name != listener.name && v4 && same && other.listen.port == port;
}

bool is_for_v6_only(const rules::Listener& listener, const Endpoint& where,
                    const ComingListeners& all) {
  if (!where.is_any_v6()) return false;
  return std::any_of(all.begin(), all.end(), [&](const auto& other) {
    return leaves_v4_to(listener, where.port, *other.second);
  });
}

namespace {

std::string shown(const Fd& socket) {
  const int error = errno;  // saved for the caller's error message
  const auto address = own_address(socket);
  const auto ip = address.ip();
  const auto text = ip ? "the inherited socket " + rules::to_text(*ip, address.port())
                       : std::string("the inherited unix socket");
  errno = error;
  return text;
}

}  // namespace

Result<std::vector<PortSockets>> reopen(const std::vector<PortSockets>& given, int backlog) {
  std::vector<PortSockets> copies;
  for (const auto& sockets : given) {
    PortSockets copy;
    if (sockets.stream) {
      if (::listen(sockets.stream.get(), backlog) != 0) {
        auto error =
            system_error(Origin::kInternal, "cannot listen on " + shown(sockets.stream), errno);
        error.hint =
            "find the program that listens on this address (`ss -ltnp`), or restart brownout";
        return tl::unexpected(std::move(error));
      }
      copy.stream = Fd(fcntl(sockets.stream.get(), F_DUPFD_CLOEXEC, 0));
    }
    if (sockets.datagram) copy.datagram = Fd(fcntl(sockets.datagram.get(), F_DUPFD_CLOEXEC, 0));
    if ((sockets.stream && !copy.stream) || (sockets.datagram && !copy.datagram)) {
      auto error = system_error(Origin::kInternal, "cannot copy " + shown(sockets.any()), errno);
      error.hint = "raise the limit of open files (`ulimit -n`; systemd: LimitNOFILE=)";
      return tl::unexpected(std::move(error));
    }
    copies.push_back(std::move(copy));
  }
  return copies;
}

void stop_listening(const std::vector<PortSockets>& sockets) {
  for (const auto& port : sockets) {
    if (port.stream) ::shutdown(port.stream.get(), SHUT_RD);
  }
}

}  // namespace brownout::proxy
