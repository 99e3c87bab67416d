#include "proxy/dns/link.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

namespace brownout::proxy {
namespace {

constexpr int kBatchesPerTurn = 4;

class UdpLink final : public DnsLink, private Ready {
 public:
  UdpLink(Owner& owner, std::size_t index, Fd fd)
      : owner_(owner), loop_(owner.loop()), index_(index), fd_(std::move(fd)) {
    loop_.poller().add(fd_.get(), *this);
  }
  ~UdpLink() override { loop_.poller().forget(fd_.get()); }

  void send(codecs::ByteView message) override { sender_.add(message); }
  void flush() override {
    int error = 0;
    if (!sender_.empty()) sender_.send(fd_, error);
    if (error == ECONNREFUSED) owner_.link_failed(index_, error);
  }
  bool usable() const override { return true; }

 private:
  void on_ready(std::uint32_t) noexcept override {
    for (int turn = 0; turn < kBatchesPerTurn; ++turn) {
      int error = 0;
      const auto count = owner_.batch().receive(fd_, error);
      if (error != 0) {
        owner_.link_failed(index_, error);
        continue;
      }
      for (std::size_t i = 0; i < count; ++i) owner_.answered(index_, owner_.batch().bytes(i));
      if (count > 0) owner_.answers_over();
      if (count < DatagramBatch::kMost) return;
    }
    loop_.poller().again(fd_.get());
  }

  Owner& owner_;
  Loop& loop_;
  std::size_t index_;
  Fd fd_;
  DatagramSender sender_;
};

class TcpLink final : public DnsLink, private Ready {
 public:
  TcpLink(Owner& owner, std::size_t index, Fd fd, bool connected)
      : owner_(owner),
        loop_(owner.loop()),
        index_(index),
        fd_(std::move(fd)),
        connected_(connected) {
    loop_.poller().add(fd_.get(), *this);
  }
  ~TcpLink() override { loop_.poller().forget(fd_.get()); }

  void send(codecs::ByteView message) override { failed_ = !writer_.add(message) || failed_; }
  void flush() override {
    if (connected_ && !failed_ && !writer_.flush(fd_)) fail(errno);
  }
  bool usable() const override { return !failed_; }

 private:
  void on_ready(std::uint32_t events) noexcept override {
    if (failed_) return;
    if ((events & EPOLLERR) != 0) return fail(take_socket_error(fd_));
    if ((events & EPOLLOUT) != 0) {
      connected_ = true;
      flush();
    }
    while (!failed_) {
      const auto buffer = loop_.read_buffer();
      const auto count = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOTCONN)) return;
      if (count <= 0) return fail(count < 0 ? errno : 0);
      reader_.append(buffer.first(static_cast<std::size_t>(count)));
      for (auto one = reader_.next(); !one.empty(); one = reader_.next()) {
        owner_.answered(index_, one);
        owner_.answers_over();
      }
    }
  }

  void fail(int error) {
    failed_ = true;
    owner_.link_failed(index_, error);
  }

  Owner& owner_;
  Loop& loop_;
  std::size_t index_;
  Fd fd_;
  codecs::DnsFraming reader_;
  MessageWriter writer_;
  bool connected_;
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<DnsLink> open_udp_link(DnsLink::Owner& owner, std::size_t index,
                                       const SocketAddress& resolver) {
  auto fd = connect_datagrams(resolver);
  return fd ? std::make_unique<UdpLink>(owner, index, std::move(fd)) : nullptr;
}

std::unique_ptr<DnsLink> open_tcp_link(DnsLink::Owner& owner, std::size_t index,
                                       const SocketAddress& resolver) {
  auto dialled = start_dial(resolver);
  if (dialled.error != 0) {
    errno = dialled.error;
    return nullptr;
  }
  return std::make_unique<TcpLink>(owner, index, std::move(dialled.fd), dialled.connected);
}

}  // namespace brownout::proxy
