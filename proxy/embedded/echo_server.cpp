#include "proxy/embedded/echo_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace brownout::proxy {

// One client connection. While the client does not read, the connection receives nothing, so it
// buffers at most the bytes of one read.
class EchoServer::Connection final : public Retirable, public Ready {
 public:
  Connection(Loop& loop, Port& port, Fd fd) : loop_(loop), port_(port), fd_(std::move(fd)) {
    loop_.poller().add(fd_.get(), *this);
  }
  ~Connection() override { loop_.poller().forget(fd_.get()); }
  int fd() const { return fd_.get(); }
  void on_ready(std::uint32_t events) noexcept override;

 private:
  bool send_back();
  void pour();
  void gone();

  Loop& loop_;
  Port& port_;
  Fd fd_;
  rules::ChunkQueue waiting_;
  bool ended_ = false;
  bool begun_ = false;
  bool source_ = false;
};

class EchoServer::Port final : public Ready {
 public:
  Port(Loop& loop, Fd listening) : loop_(loop), listening_(std::move(listening)) {
    loop_.poller().add(listening_.get(), *this);
  }
  ~Port() override { loop_.poller().forget(listening_.get()); }

  void on_ready(std::uint32_t) noexcept override {
    while (true) {
      Fd fd(accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) return;
      const int number = fd.get();
      connections_[number] = std::make_unique<Connection>(loop_, *this, std::move(fd));
    }
  }
  void forget(int fd) {
    loop_.retire(std::move(connections_[fd]));
    connections_.erase(fd);
  }

 private:
  Loop& loop_;
  Fd listening_;
  std::map<int, std::unique_ptr<Connection>> connections_;
};

void EchoServer::Connection::on_ready(std::uint32_t) noexcept {
  if (source_) return pour();
  while (send_back()) {
    if (ended_) return gone();
    const auto buffer = loop_.read_buffer();
    const auto count = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) return gone();
    ended_ = count == 0;
    source_ = !begun_ && count > 0 && buffer[0] == std::byte{kSourceByte};
    begun_ = true;
    if (source_) return pour();
    waiting_.push(rules::Chunk::copy_of(buffer.first(static_cast<std::size_t>(count))));
  }
}

void EchoServer::Connection::pour() {
  const auto buffer = loop_.read_buffer();
  for (int turn = 0; turn < 8; ++turn) {
    const auto count = ::send(fd_.get(), buffer.data(), buffer.size(), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN ? void() : gone();
  }
  loop_.poller().again(fd_.get());
}

// Sends the buffered bytes. Returns true if all were sent.
bool EchoServer::Connection::send_back() {
  while (!waiting_.empty()) {
    const auto bytes = waiting_.front().bytes();
    const auto count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) {
      if (errno != EAGAIN) gone();
      return false;
    }
    waiting_.consume(static_cast<std::size_t>(count));
  }
  return true;
}

void EchoServer::Connection::gone() {
  const int number = fd_.get();
  loop_.poller().forget(number);
  port_.forget(number);
}

EchoServer::EchoServer(std::uint16_t port) {
  auto sockets = listen_on({"127.0.0.1", port, ""}, 4096, 1);
  if (!sockets) return;
  endpoint_ = bound_to(sockets->front(), {"127.0.0.1", 0, ""});
  port_ = std::make_unique<Port>(loop_, std::move(sockets->front()));
  thread_ = std::thread([this] { loop_.run(); });
}

EchoServer::~EchoServer() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
  port_.reset();
}

}  // namespace brownout::proxy
