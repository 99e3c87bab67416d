#include "proxy/embedded/messaging_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "proxy/embedded/http2_answers.h"
#include "proxy/embedded/mqtt_broker.h"
#include "proxy/net/outbox.h"
#include "rules/base/base64.h"
#include "rules/protocols/websocket/codec/websocket.h"
#include "rules/schema/text_pattern.h"

namespace brownout::proxy {
namespace {

constexpr std::size_t kMostUnsent = 4 << 20;
constexpr std::size_t kMostFrames = 64 << 10;  // bytes of HTTP/2 that are made at a time
constexpr char kMqttConnect =
    0x10;  // first byte of MQTT's CONNECT packet (MQTT 5.0, section 3.1.1)
// First bytes of an HTTP/2 connection (RFC 9113, 3.4).
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::string_view kOk =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n";

// Computes the value of the header Sec-WebSocket-Accept (RFC 6455, section 4.2.2).
std::string accept_key(std::string_view key) {
  const auto text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return rules::to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// Returns the value of a header. Header names are case-insensitive.
std::string header_of(std::string_view head, std::string_view name) {
  const auto at = rules::lower_case(head).find("\r\n" + rules::lower_case(name) + ":");
  if (at == std::string::npos) return {};
  auto value = head.substr(at + name.size() + 3);
  value = value.substr(0, value.find("\r\n"));
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return std::string(value);
}

}  // namespace

class MessagingServer::Connection final : public Retirable, public Ready, MqttBroker::Peer {
 public:
  Connection(Loop& loop, Port& port, MqttBroker& broker, const OnBody& on_body, Fd fd)
      : loop_(loop), port_(port), broker_(broker), on_body_(on_body), stream_(std::move(fd)) {
    loop_.poller().add(stream_.number(), *this);
  }
  ~Connection() override { loop_.poller().forget(stream_.number()); }
  void on_ready(std::uint32_t) noexcept override;

 private:
  enum class Speaks { kUnknown, kEcho, kHttp, kHttp2, kWebSocket, kMqtt };
  void send(codecs::ByteView packet) override;
  void taken_over() override { gone(); }
  void take(std::span<const std::byte> bytes);
  void decide();
  // Answers an HTTP request. Returns false if the request has not arrived completely.
  bool serve_request();
  void upgrade(std::string_view key);
  void serve_messages();
  void serve_http2();
  void write(std::string_view text) { out_.write(stream_, std::as_bytes(std::span(text))); }
  void gone();

  Loop& loop_;
  Port& port_;
  MqttBroker& broker_;
  const OnBody& on_body_;
  Stream stream_;
  Outbox out_;
  Speaks speaks_ = Speaks::kUnknown;
  std::string in_;
  codecs::WebSocketParser parser_;
  std::string message_;
  std::unique_ptr<Http2Answers> http2_;
  bool ended_ = false;
};

class MessagingServer::Port final : public Ready {
 public:
  Port(Loop& loop, const OnBody& on_body, Fd listening)
      : loop_(loop), on_body_(on_body), listening_(std::move(listening)) {
    loop_.poller().add(listening_.get(), *this);
  }
  ~Port() override { loop_.poller().forget(listening_.get()); }

  void on_ready(std::uint32_t) noexcept override {
    while (true) {
      Fd fd(accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) return;
      set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
      const int number = fd.get();
      connections_[number] =
          std::make_unique<Connection>(loop_, *this, broker_, on_body_, std::move(fd));
    }
  }
  void forget(int fd) {
    loop_.retire(std::move(connections_[fd]));
    connections_.erase(fd);
  }

 private:
  Loop& loop_;
  const OnBody& on_body_;
  Fd listening_;
  MqttBroker broker_;
  std::map<int, std::unique_ptr<Connection>> connections_;
};

void MessagingServer::Connection::on_ready(std::uint32_t) noexcept {
  if (!out_.flush(stream_)) return gone();
  // Stops reading while the client does not read its answers.
  while (!ended_ && out_.waiting() < kMostUnsent) {
    const auto buffer = loop_.read_buffer();
    const auto count = stream_.receive(buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count < 0) return gone();
    ended_ = count == 0;
    take(buffer.first(static_cast<std::size_t>(count)));
    if (in_.size() > kMostUnsent || !out_.flush(stream_)) return gone();
  }
  if (ended_ && out_.empty()) gone();
}

void MessagingServer::Connection::take(std::span<const std::byte> bytes) {
  if (speaks_ == Speaks::kEcho) return out_.write(stream_, bytes);
  in_ += codecs::text_of(bytes);
  if (speaks_ == Speaks::kUnknown) decide();
  while (speaks_ == Speaks::kHttp && serve_request()) {
  }
  if (speaks_ == Speaks::kHttp2) serve_http2();
  if (speaks_ == Speaks::kWebSocket) serve_messages();
  if (speaks_ == Speaks::kMqtt && !broker_.take(*this, in_)) ended_ = true;
}

// Drops packets for a subscriber whose unread output exceeds the limit, as QoS 0 permits.
void MessagingServer::Connection::send(codecs::ByteView packet) {
  if (out_.waiting() >= kMostUnsent) return;
  out_.write(stream_, packet);
  // Ignores an error, since the caller serves another connection. An epoll event of the broken
  // connection reports the error later.
  static_cast<void>(out_.flush(stream_));
}

void MessagingServer::Connection::decide() {
  constexpr std::array<std::string_view, 5> kMethods{"GET ", "POST ", "HEAD ", "PUT ", "OPTIONS "};
  bool may_be = kHttp2Preface.starts_with(in_);
  if (in_.starts_with(kMqttConnect)) speaks_ = Speaks::kMqtt;
  if (in_.starts_with(kHttp2Preface)) speaks_ = Speaks::kHttp2;
  for (const auto method : kMethods) {
    if (in_.starts_with(method)) speaks_ = Speaks::kHttp;
    may_be |= method.starts_with(in_);
  }
  if (speaks_ != Speaks::kUnknown || may_be) return;
  speaks_ = Speaks::kEcho;
  write(std::exchange(in_, {}));
}

bool MessagingServer::Connection::serve_request() {
  const auto end = in_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const auto head = in_.substr(0, end + 2);
  const auto length = std::strtoull(header_of(head, "Content-Length").c_str(), nullptr, 10);
  if (length > kMostUnsent || in_.size() < end + 4 + length) return false;
  const auto body = in_.substr(end + 4, length);
  in_.erase(0, end + 4 + length);
  const auto key = header_of(head, "Sec-WebSocket-Key");
  if (!key.empty()) {
    upgrade(key);
    return true;
  }
  if (on_body_ && !body.empty()) on_body_(body);
  write(head.starts_with("HEAD ") ? kOk.substr(0, kOk.size() - 3) : kOk);
  return true;
}

void MessagingServer::Connection::upgrade(std::string_view key) {
  write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_key(key) + "\r\n\r\n");
  speaks_ = Speaks::kWebSocket;
}

void MessagingServer::Connection::serve_messages() {
  auto bytes = std::as_bytes(std::span(in_));
  while (!bytes.empty() && !ended_) {
    const auto step = parser_.next(bytes);
    if (step.broken) ended_ = true;
    bytes = bytes.subspan(step.taken);
    message_ += codecs::text_of(parser_.payload());
    if (!step.message_ended) continue;
    auto opcode = parser_.opcode();
    if (opcode == rules::Opcode::kClose) ended_ = true;
    if (opcode == rules::Opcode::kPing) opcode = rules::Opcode::kPong;
    const auto frame = codecs::write_frame(opcode, false, codecs::bytes_of(message_), false, 0);
    out_.write(stream_, frame);
    message_.clear();
  }
  in_.clear();
}

void MessagingServer::Connection::serve_http2() {
  if (!http2_) http2_ = std::make_unique<Http2Answers>();
  http2_->receive(std::as_bytes(std::span(in_)), monotonic_now());
  in_.clear();
  for (auto bytes = http2_->output(kMostFrames); !bytes.empty();) {
    out_.write(stream_, bytes);
    bytes = http2_->output(kMostFrames);
  }
  ended_ = ended_ || http2_->over();
}

void MessagingServer::Connection::gone() {
  const int number = stream_.number();
  broker_.gone(*this);
  loop_.poller().forget(number);
  port_.forget(number);
}

MessagingServer::MessagingServer(const Endpoint& where, OnBody on_body)
    : on_body_(std::move(on_body)) {
  auto sockets = listen_on(where, 1024, 1);
  if (!sockets) {
    error_ = sockets.error();
    return;
  }
  endpoint_ = bound_to(sockets->front(), where);
  port_ = std::make_unique<Port>(loop_, on_body_, std::move(sockets->front()));
  thread_ = std::thread([this] { loop_.run(); });
}

MessagingServer::~MessagingServer() {
  loop_.stop();
  if (thread_.joinable()) thread_.join();
  port_.reset();
}

}  // namespace brownout::proxy
