#include "proxy/embedded/udp_echo.h"

#include <poll.h>

#include <algorithm>
#include <array>

#include "proxy/loop/loop.h"

namespace brownout::proxy {
namespace {

constexpr int kPollMs = 50;
constexpr std::int64_t kTicksPerSecond = 1000;

}  // namespace

UdpEchoServer::UdpEchoServer(std::uint16_t port, bool silent) : silent_(silent) {
  const Endpoint where{"127.0.0.1", port, ""};
  auto sockets = bind_datagrams(where, 1);
  if (!sockets) return;
  socket_ = std::move(sockets->front());
  endpoint_ = bound_to(socket_, where);
  thread_ = std::thread([this] { serve(); });
}

UdpEchoServer::~UdpEchoServer() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void UdpEchoServer::serve() {
  DatagramBatch batch;
  DatagramSender sender;
  const LocalAddress none;
  while (!stop_) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    if (poll(&waiting, 1, kPollMs) <= 0) continue;
    int error = 0;
    const auto count = batch.receive(socket_, error);
    received_.fetch_add(count, std::memory_order_relaxed);
    if (silent_) continue;
    for (std::size_t i = 0; i < count; ++i) sender.add(batch.bytes(i), batch.from(i), none);
    sender.send(socket_, error);
  }
}

Flood flood(const Endpoint& server, int sockets, std::size_t bytes, std::int64_t rate,
            rules::Duration length) {
  const auto address = SocketAddress::of(server);
  std::vector<Fd> clients;
  for (int i = 0; address && i < sockets; ++i) clients.push_back(connect_datagrams(*address));
  if (clients.empty()) return {};
  const std::vector<std::byte> payload(bytes, std::byte{'x'});
  DatagramBatch batch;
  DatagramSender sender;
  std::int64_t sent = 0;
  std::int64_t back = 0;
  const auto began = Loop::now();
  for (auto now = began; now < began + length; now = Loop::now()) {
    // Number of datagrams that are due by now; they are sent in batches. With a rate limit, the
    // thread sleeps between batches.
    const auto due =
        rate == 0 ? sent + 64 * sockets
                  : static_cast<std::int64_t>(static_cast<double>(rate) *
                                              std::chrono::duration<double>(now - began).count());
    for (const auto& fd : clients) {
      int error = 0;
      const auto share = std::min<std::int64_t>((due - sent) / sockets, 256);
      for (std::int64_t i = 0; i < share; ++i) sender.add(payload);
      sent += share - static_cast<std::int64_t>(sender.send(fd, error));
      for (std::size_t count = 1; count > 0; back += static_cast<std::int64_t>(count)) {
        count = batch.receive(fd, error);
      }
    }
    if (rate != 0)
      std::this_thread::sleep_for(std::chrono::microseconds(1'000'000 / kTicksPerSecond));
  }
  const double seconds = std::chrono::duration<double>(length).count();
  return {static_cast<double>(sent) / seconds, static_cast<double>(back) / seconds};
}

}  // namespace brownout::proxy
