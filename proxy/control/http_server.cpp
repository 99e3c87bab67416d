#include "proxy/control/http_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <exception>

#include "proxy/codecs/http1.h"
#include "proxy/net/linger.h"
#include "proxy/net/outbox.h"

namespace brownout::proxy {
namespace {

using What = codecs::Http1Parser::What;

constexpr std::size_t kMostConnections = 256;
constexpr std::size_t kMostBody = 8 << 20;
constexpr std::size_t kMostUnread = 16 << 20;  // of answers
constexpr Duration kRequestTime = std::chrono::seconds(10);
constexpr Duration kIdleTime = std::chrono::seconds(120);

HttpResponse plain(int status, const std::string& text) {
  return {.status = status, .body = text + "\n", .type = "text/plain; charset=utf-8"};
}

}  // namespace

class HttpServer::Connection final : public Retirable, public Ready, public Deadline {
 public:
  Connection(HttpServer& server, Fd fd)
      : server_(server), loop_(server.loop_), stream_(std::move(fd)) {
    loop_.poller().add(stream_.number(), *this);
    if (server_.tls_) {
      stream_.tls().start(server_.tls_->session("", {}), true);
      handshaking_ = true;
    }
    wait(handshaking_ ? kRequestTime : kIdleTime);
  }
  // Retired, it may outlive its server.
  ~Connection() override {
    if (feed_) feed_->write_ = nullptr;
    loop_.poller().forget(stream_.number());
  }

  void on_ready(std::uint32_t events) noexcept override;
  void on_due(Instant) noexcept override { end(); }

 private:
  void take(codecs::ByteView bytes);
  void head_came();
  void request_came();
  void write(const HttpResponse& response, bool keep);
  void refuse(const HttpResponse& response);
  void wait(Duration time) { loop_.deadlines().set(*this, rules::later(Loop::now(), time)); }
  void follow(std::shared_ptr<Feed> feed);
  void feed(std::string_view text);
  void end() {
    if (feed_) feed_->write_ = nullptr;
    loop_.deadlines().cancel(*this);
    server_.forget(stream_.number());
  }

  HttpServer& server_;
  Loop& loop_;
  Stream stream_;
  Outbox out_;
  codecs::Http1Parser parser_{codecs::Http1Parser::Side::kRequests};
  rules::HttpHead head_;
  std::string body_;
  std::shared_ptr<Feed> feed_;  // or null
  bool handshaking_ = false;
  bool closing_ = false;  // behind what is to be written
};

void HttpServer::Connection::on_ready(std::uint32_t) noexcept {
  if (handshaking_) {
    const auto progress = stream_.tls().handshake();
    if (progress == tls::Progress::kAgain) return;
    if (progress == tls::Progress::kFailed) return end();
    handshaking_ = false;
    wait(kIdleTime);
  }
  const auto buffer = loop_.read_buffer();
  // What a client does not read of answers is not asked for more.
  while (out_.waiting() < kMostUnread) {
    const auto count = stream_.receive(buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) return end();
    if (!closing_ && !feed_) take(buffer.first(static_cast<std::size_t>(count)));
    if (!out_.flush(stream_)) return end();
  }
  if (!out_.flush(stream_)) return end();
  if (closing_ && out_.empty()) stream_.finish();
}

void HttpServer::Connection::take(codecs::ByteView bytes) {
  while (!closing_ && !feed_) {
    const auto step = parser_.next(bytes);
    bytes = bytes.subspan(step.taken);
    switch (step.what) {
      case What::kBroken:
        return refuse(plain(400, "bad request: " + parser_.why()));
      case What::kHead:
        head_came();
        continue;
      case What::kBody:
      case What::kEnd:
        for (const auto part : parser_.payload()) body_ += codecs::text_of(part);
        if (body_.size() > kMostBody) return refuse(plain(413, "the body is too large"));
        if (step.what == What::kBody) return;
        request_came();
        continue;
      default:
        // The rest has that long to come.
        if (parser_.in_message()) wait(kRequestTime);
        return;
    }
  }
}

void HttpServer::Connection::head_came() {
  head_ = parser_.head();
  body_.clear();
  wait(kRequestTime);
  if (!parser_.framing().expects_continue) return;
  out_.write(stream_, codecs::bytes_of("HTTP/1.1 100 Continue\r\n\r\n"));
}

void HttpServer::Connection::request_came() {
  const bool keep = parser_.framing().keep_alive;
  wait(kIdleTime);
  auto response = server_.answer(head_, std::move(body_));
  body_.clear();
  write(response, keep && !response.feed);
  if (response.feed) follow(std::move(response.feed));
}

void HttpServer::Connection::follow(std::shared_ptr<Feed> feed) {
  closing_ = false;
  loop_.deadlines().cancel(*this);
  feed_ = std::move(feed);
  feed_->write_ = [this](std::string_view text) { this->feed(text); };
}

void HttpServer::Connection::feed(std::string_view text) {
  out_.write(stream_, codecs::bytes_of(text));
  if (!out_.flush(stream_) || out_.waiting() > kMostUnread) end();
}

void HttpServer::Connection::refuse(const HttpResponse& response) { write(response, false); }

void HttpServer::Connection::write(const HttpResponse& response, bool keep) {
  rules::HttpHead head;
  head.start_line = "HTTP/1.1 " + std::to_string(response.status) + " " +
                    std::string(rules::reason_phrase(response.status));
  head.headers = response.headers;
  if (!response.body.empty() || response.feed) head.append("Content-Type", response.type);
  // 204 has no body and no length (RFC 9110, 8.6).
  if (response.status != 204 && !response.feed) head.announce(response.body.size());
  if (!keep) head.append("Connection", "close");
  out_.write(stream_, codecs::bytes_of(head.text()));
  if (head_.method != "HEAD") out_.write(stream_, codecs::bytes_of(response.body));
  closing_ = !keep;
  if (closing_) wait(kLingerTime);
}

HttpServer::HttpServer(Loop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, const Endpoint& where,
                                                       Handler handler,
                                                       std::shared_ptr<tls::ServerContexts> tls) {
  auto sockets = listen_on(where, 256, 1);
  if (!sockets) return tl::unexpected(sockets.error());
  auto server = std::unique_ptr<HttpServer>(new HttpServer(loop, std::move(handler)));
  server->tls_ = std::move(tls);
  server->endpoint_ = bound_to(sockets->front(), where);
  auto view = std::make_shared<ListenerView>();
  view->config.name = "API";
  server->acceptor_ =
      std::make_unique<Acceptor>(loop, std::move(view), std::move(sockets->front()),
                                 [made = server.get()](Acceptor&, Fd fd, const SocketAddress&) {
                                   made->accepted(std::move(fd));
                                 });
  return server;
}

HttpServer::~HttpServer() {
  for (auto& [fd, connection] : connections_) loop_.deadlines().cancel(*connection);
}

void HttpServer::accepted(Fd fd) {
  if (connections_.size() >= kMostConnections) return;
  const int number = fd.get();
  connections_[number] = std::make_unique<Connection>(*this, std::move(fd));
}

void HttpServer::forget(int fd) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  loop_.retire(std::move(found->second));
  connections_.erase(found);
}

HttpResponse HttpServer::answer(const rules::HttpHead& head, std::string body) const {
  const auto exchange = rules::HttpExchange::of(head);
  if (!may_ask_for(exchange.host)) {
    return plain(403, "\"" + exchange.host + "\" is no name of this machine: ask for localhost");
  }
  try {
    return handler_({head.method, exchange.path, exchange.query, head, std::move(body)});
  } catch (const std::exception& problem) {
    return plain(500, problem.what());
  }
}

bool HttpServer::may_ask_for(const std::string& named) const {
  const auto listens = endpoint_.ip();
  const bool bracketed = named.starts_with('[') && named.ends_with(']');
  const auto host = bracketed ? named.substr(1, named.size() - 2) : named;
  if (!listens || !listens->is_loopback()) return true;
  return host.empty() || host == "localhost" || host.ends_with(".localhost") ||
         IpAddress::parse(host).has_value();
}

}  // namespace brownout::proxy
