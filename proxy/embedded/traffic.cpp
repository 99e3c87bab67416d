#include "proxy/embedded/traffic.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <queue>

#include "proxy/embedded/echo_server.h"
#include "proxy/loop/deadlines.h"

namespace brownout::proxy {
namespace {

void make_nonblocking(const Fd& fd) { fcntl(fd.get(), F_SETFL, O_NONBLOCK); }

// Waits for sockets with timeouts in nanoseconds. Readiness is level-triggered (epoll(7)).
class Waiter {
 public:
  Waiter() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  void add(const Fd& fd, std::uint32_t events, std::uint64_t tag) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag;
    epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event);
  }

  std::span<const epoll_event> wait(Instant until) {
    const auto left = std::max(Duration::zero(), until - monotonic_now());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec timeout{seconds.count(), (left - seconds).count()};
    const int count = epoll_pwait2(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                   &timeout, nullptr);
    return {events_.data(), static_cast<std::size_t>(std::max(0, count))};
  }

 private:
  Fd epoll_;
  std::array<epoll_event, 256> events_;
};

std::vector<Fd> open_connections(const Endpoint& server, int count) {
  std::vector<Fd> connections;
  for (int i = 0; i < count; ++i) {
    auto fd = connect_to(server);
    if (fd) connections.push_back(std::move(fd));
  }
  return connections;
}

// Performs ping(): sends each message when it is due, and measures when the whole reply has
// arrived.
class Pinger {
 public:
  Pinger(const Endpoint& server, const PingOptions& options)
      : options_(options),
        connections_(open_connections(server, options.connections)),
        sent_(connections_.size()),
        planned_(connections_.size()),
        received_(connections_.size()),
        message_(options.bytes, 'x') {}

  Pings run() {
    pings_.errors = static_cast<std::uint64_t>(options_.connections) - connections_.size();
    const auto start = monotonic_now();
    const auto end = start + options_.length;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      make_nonblocking(connections_[i]);
      waiter_.add(connections_[i], EPOLLIN, i);
      // Spreads the first messages of the connections over the interval.
      due_.emplace(
          start + options_.interval * static_cast<int>(i) / static_cast<int>(connections_.size()),
          i);
    }
    while (monotonic_now() < end) {
      send_due();
      for (const auto& event : waiter_.wait(std::min(end, due_.empty() ? end : due_.top().first))) {
        receive(event.data.u64);
      }
    }
    const double seconds = std::chrono::duration<double>(monotonic_now() - start).count();
    pings_.per_second = static_cast<double>(pings_.round_trips.size()) / seconds;
    std::sort(pings_.round_trips.begin(), pings_.round_trips.end());
    return std::move(pings_);
  }

 private:
  using Due = std::pair<Instant, std::size_t>;

  void send_due() {
    while (!due_.empty() && due_.top().first <= monotonic_now()) {
      const auto i = due_.top().second;
      planned_[i] = due_.top().first;
      due_.pop();
      sent_[i] = monotonic_now();
      received_[i] = 0;
      if (::send(connections_[i].get(), message_.data(), message_.size(), MSG_NOSIGNAL) < 0) {
        ++pings_.errors;
      }
    }
  }

  void receive(std::size_t i) {
    std::array<char, 65536> buffer;
    const auto count = ::recv(connections_[i].get(), buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      if (count == 0 || errno != EAGAIN) {
        ++pings_.errors;
        connections_[i].reset();
      }
      return;
    }
    received_[i] += static_cast<std::size_t>(count);
    if (received_[i] < message_.size()) return;
    const auto now = monotonic_now();
    pings_.round_trips.push_back(now - sent_[i]);
    // The next message is due one interval after the planned time of the last message. So the
    // connections stay evenly spread, however late a reply is.
    due_.emplace(options_.interval == Duration::zero()
                     ? now
                     : std::max(now, planned_[i] + options_.interval),
                 i);
  }

  PingOptions options_;
  std::vector<Fd> connections_;
  std::vector<Instant> sent_;
  std::vector<Instant> planned_;
  std::vector<std::size_t> received_;
  std::string message_;
  Waiter waiter_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  Pings pings_;
};

}  // namespace

Duration Pings::percentile(double p) const {
  if (round_trips.empty()) return {};
  const auto last = static_cast<double>(round_trips.size() - 1);
  return round_trips[static_cast<std::size_t>(p * last)];
}

Fd connect_to(const Endpoint& server) {
  const auto address = SocketAddress::of(server);
  if (!address) return {};
  Fd fd(socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{10, 0};
  const int yes = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(fd.get(), address->get(), address->length) != 0) return {};
  return fd;
}

Pings ping(const Endpoint& server, const PingOptions& options) {
  return Pinger(server, options).run();
}

Connects connect_repeatedly(const Endpoint& server, int concurrency, Duration length,
                            std::uint64_t most) {
  Connects result;
  Waiter waiter;
  std::vector<Fd> connections(static_cast<std::size_t>(concurrency));
  const auto address = SocketAddress::of(server);
  if (!address) return result;
  const std::array<char, 64> message{};
  std::uint64_t begun = 0;
  const auto begin = [&](std::size_t i) {
    if (most != 0 && begun >= most) return;
    ++begun;
    auto dialled = start_dial(*address);
    connections[i] = std::move(dialled.fd);
    if (connections[i]) waiter.add(connections[i], EPOLLIN | EPOLLOUT | EPOLLET, i);
  };
  const auto start = monotonic_now();
  const auto end = start + length;
  for (std::size_t i = 0; i < connections.size(); ++i) begin(i);
  while (monotonic_now() < end && (most == 0 || result.done + result.failed < most)) {
    for (const auto& event : waiter.wait(end)) {
      auto& fd = connections[event.data.u64];
      std::array<char, 256> reply;
      const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
      const bool answered =
          (event.events & EPOLLIN) != 0 && ::recv(fd.get(), reply.data(), reply.size(), 0) > 0;
      const bool closed = (event.events & EPOLLIN) != 0 && !answered;
      if (failed || answered || closed) {
        answered && !failed ? ++result.done : ++result.failed;
        fd.reset();
        begin(event.data.u64);
      } else if ((event.events & EPOLLOUT) != 0) {
        ::send(fd.get(), message.data(), message.size(), MSG_NOSIGNAL);
      }
    }
  }
  const double seconds = std::chrono::duration<double>(monotonic_now() - start).count();
  result.per_second = static_cast<double>(result.done) / seconds;
  return result;
}

double stream(const Endpoint& server, int streams, Duration length, Duration settle) {
  auto connections = open_connections(server, streams);
  Waiter waiter;
  for (std::size_t i = 0; i < connections.size(); ++i) {
    ::send(connections[i].get(), &EchoServer::kSourceByte, 1, MSG_NOSIGNAL);
    make_nonblocking(connections[i]);
    waiter.add(connections[i], EPOLLIN, i);
  }
  std::vector<char> buffer(1 << 20);
  const auto begin = monotonic_now() + settle;
  const auto end = begin + length;
  std::uint64_t total = 0;
  // Measures the rate from the first read to the last read, so that each counted read lies
  // completely within the measured time.
  Instant first = kNever;
  Instant last{};
  for (auto now = monotonic_now(); now < end; now = monotonic_now()) {
    for (const auto& event : waiter.wait(end)) {
      const auto count = ::recv(connections[event.data.u64].get(), buffer.data(), buffer.size(), 0);
      if (count <= 0 || now < begin) continue;
      last = monotonic_now();
      if (first == kNever) {
        first = last;
      } else {
        total += static_cast<std::uint64_t>(count);
      }
    }
  }
  if (total == 0) return 0;
  return static_cast<double>(total) / std::chrono::duration<double>(last - first).count();
}

}  // namespace brownout::proxy
