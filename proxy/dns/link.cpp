#include "proxy/dns/link.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "proxy/net/connector.h"
#include "rules/base/describe.h"

namespace brownout::proxy {
namespace {

constexpr int kAnswerBatchesPerTurn = 4;
constexpr int kAnswerReadsPerTurn = 4;

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
    if (error == ECONNREFUSED) owner_.link_failed(index_, datagram_error(error));
  }
  bool usable() const override { return true; }

 private:
  void on_ready(std::uint32_t) noexcept override {
    for (int turn = 0; turn < kAnswerBatchesPerTurn; ++turn) {
      int error = 0;
      const auto count = owner_.batch().receive(fd_, error);
      if (error != 0) {
        owner_.link_failed(index_, datagram_error(error));
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

class StreamLink final : public DnsLink, private Ready {
 public:
  StreamLink(Owner& owner, std::size_t index, Stream stream, bool connected)
      : owner_(owner), loop_(owner.loop()), index_(index), stream_(std::move(stream)) {
    loop_.poller().add(stream_.number(), *this);
    if (connected && stream_.plain()) state_ = State::kOpen;
  }
  ~StreamLink() override { loop_.poller().forget(stream_.number()); }

  void send(codecs::ByteView message) override {
    if (!writer_.add(message)) state_ = State::kFailed;
  }
  void flush() override {
    if (state_ == State::kOpen && !writer_.flush(stream_)) fail(std::strerror(errno));
  }
  bool usable() const override { return state_ != State::kFailed; }
  void pause() override { paused_ = true; }
  void resume() override {
    if (std::exchange(paused_, false)) loop_.poller().again(stream_.number());
  }

 private:
  enum class State { kDialled, kHandshake, kOpen, kFailed };

  void on_ready(std::uint32_t events) noexcept override {
    if (state_ == State::kFailed) return;
    if ((events & EPOLLERR) != 0) {
      const int error = take_socket_error(stream_.fd());
      return fail(state_ == State::kDialled ? describe(connect_error(error))
                                            : std::strerror(error));
    }
    if (state_ == State::kDialled && (events & EPOLLOUT) != 0) {
      state_ = stream_.plain() ? State::kOpen : State::kHandshake;
    }
    if (state_ == State::kHandshake) shake_hands();
    flush();
    if (state_ == State::kOpen) read();
  }

  void shake_hands() {
    switch (stream_.tls().handshake()) {
      case tls::Progress::kAgain:
        return;
      case tls::Progress::kDone:
        state_ = State::kOpen;
        return;
      case tls::Progress::kFailed:
        return fail(describe(server_handshake_error(stream_.tls().why())));
    }
  }

  bool reads() const { return state_ == State::kOpen && !paused_; }

  void read() {
    take_messages();  // handles messages that were read before pause()
    for (int turn = 0; reads(); ++turn) {
      if (turn == kAnswerReadsPerTurn) return loop_.poller().again(stream_.number());
      const auto buffer = loop_.read_buffer();
      const auto count = stream_.receive(buffer);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      if (count < 0) return fail(why_failed(errno));
      if (count == 0) return fail("");
      reader_.append(buffer.first(static_cast<std::size_t>(count)));
      take_messages();
    }
  }

  void take_messages() {
    while (reads()) {
      const auto message = reader_.next();
      if (message.empty()) return;
      owner_.answered(index_, message);
      owner_.answers_over();
    }
  }

  std::string why_failed(int error) {
    const auto tls = stream_.why_failed();
    return tls.empty() ? std::strerror(error) : "TLS error on the connection: " + tls;
  }

  void fail(const std::string& why) {
    state_ = State::kFailed;
    owner_.link_failed(index_, why);
  }

  Owner& owner_;
  Loop& loop_;
  std::size_t index_;
  Stream stream_;
  codecs::DnsFraming reader_;
  MessageWriter writer_;
  State state_ = State::kDialled;
  bool paused_ = false;
};

}  // namespace

std::string no_answer_within(Duration query_timeout) {
  return "no answer within query_timeout, " + rules::to_text(query_timeout) +
         " (check that it serves DNS, or raise query_timeout)";
}

std::unique_ptr<DnsLink> open_udp_link(DnsLink::Owner& owner, std::size_t index, Fd fd) {
  return fd ? std::make_unique<UdpLink>(owner, index, std::move(fd)) : nullptr;
}

std::unique_ptr<DnsLink> open_stream_link(DnsLink::Owner& owner, std::size_t index, Dialled dialled,
                                          tls::SslPtr session) {
  if (dialled.error != 0) {
    errno = dialled.error;
    return nullptr;
  }
  Stream stream(std::move(dialled.fd));
  if (session) stream.tls().start(std::move(session), true);
  return std::make_unique<StreamLink>(owner, index, std::move(stream), dialled.connected);
}

}  // namespace brownout::proxy
