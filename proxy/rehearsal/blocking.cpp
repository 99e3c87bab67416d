#include "proxy/rehearsal/blocking.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "proxy/loop/clock.h"

namespace brownout::rehearsal {
namespace {

tl::unexpected<std::string> failed(int error) {
  return tl::unexpected(std::string(std::strerror(error)));
}
tl::unexpected<std::string> timed_out(const char* what) {
  return tl::unexpected(std::string(what) + ": timed out");
}

Outcome<Fd> open(const Endpoint& to, int type, const std::optional<rules::IpAddress>& local) {
  const auto address = proxy::SocketAddress::of(to);
  if (!address) return tl::unexpected("not an IP address with a port: " + to_text(to));
  Fd fd(::socket(address->storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return failed(errno);
  // Disables Nagle's algorithm, as client libraries do. Otherwise a second small packet waits for
  // the acknowledgement of the first one, which the peer may delay by 40 ms.
  if (type == SOCK_STREAM) proxy::set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (local) {
    const auto from = proxy::SocketAddress::of(*local, 0);
    if (::bind(fd.get(), from.get(), from.length) != 0) return failed(errno);
  }
  const bool done = ::connect(fd.get(), address->get(), address->length) == 0;
  if (!done && errno != EINPROGRESS) return failed(errno);
  return fd;
}

// The descriptor of give_up_when_readable(). A thread-local variable instead of a parameter,
// because the event loops of some client libraries accept no descriptor from their caller.
thread_local int stop_fd = -1;

}  // namespace

void give_up_when_readable(int fd) { stop_fd = fd; }

bool given_up() {
  pollfd end{stop_fd, POLLIN, 0};
  return ::poll(&end, 1, 0) > 0;
}

bool wait_unless_given_up(std::span<pollfd> fds, Instant deadline) {
  std::vector<pollfd> all(fds.begin(), fds.end());
  all.push_back({stop_fd, POLLIN, 0});
  if (!proxy::wait_ready(all, deadline)) return false;
  std::copy(all.begin(), all.end() - 1, fds.begin());
  return std::any_of(fds.begin(), fds.end(), [](const pollfd& fd) { return fd.revents != 0; });
}

bool Socket::wait(const Fd& fd, short events, Instant deadline) {
  pollfd watched{fd.get(), events, 0};
  return wait_unless_given_up({&watched, 1}, deadline);
}

Outcome<Fd> Socket::connect(const Endpoint& to, const std::optional<rules::IpAddress>& local,
                            Instant deadline) {
  auto fd = open(to, SOCK_STREAM, local);
  if (!fd) return fd;
  if (!wait(*fd, POLLOUT, deadline)) return timed_out("connect");
  const int error = proxy::take_socket_error(*fd);
  if (error != 0) return failed(error);
  return fd;
}

Outcome<Fd> Socket::datagrams(const Endpoint& to, const std::optional<rules::IpAddress>& local) {
  return open(to, SOCK_DGRAM, local);
}

Outcome<void> Socket::send(const Fd& fd, std::span<const std::byte> bytes, Instant deadline) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait(fd, POLLOUT, deadline)) return timed_out("send");
    } else if (errno != EINTR) {
      return failed(errno);
    }
  }
  return {};
}

Outcome<std::size_t> Socket::receive(const Fd& fd, std::span<std::byte> into, Instant deadline) {
  while (true) {
    const auto got = ::recv(fd.get(), into.data(), into.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return tl::unexpected(std::string("the server closed the connection"));
    if (errno == EAGAIN) {
      if (!wait(fd, POLLIN, deadline)) return timed_out("no reply");
    } else if (errno != EINTR) {
      return failed(errno);
    }
  }
}

}  // namespace brownout::rehearsal
