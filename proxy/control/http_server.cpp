#include "proxy/control/http_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>

#include "proxy/loop/url.h"
#include "proxy/net/linger.h"
#include "proxy/net/outbox.h"
#include "rules/base/terminal_text.h"
#include "rules/base/utf8.h"
#include "rules/protocols/http1/codec/http1.h"

namespace brownout::proxy {
namespace {

using What = codecs::Http1Parser::What;

constexpr int kWaitingToBeAccepted = 4096;
constexpr std::size_t kMostStrangers = 320;
constexpr std::size_t kMostOfKnownClients = 256;
// file descriptors that proxied flows may not take, so that API clients can always connect
constexpr std::size_t kReservedDescriptors = 16;
// limit of clients that follow events; the other connections remain for requests
constexpr std::size_t kMostFollowers = 192;
constexpr std::size_t kMostBody = 8 << 20;
// while a client leaves more response bytes unread, the server reads no further request of it
constexpr std::size_t kMostUnread = 1 << 20;
// the server disconnects a client that leaves more event bytes unread
constexpr std::size_t kMostUnreadEvents = 4 << 20;
// limit of bytes in the buffers of all known (authorized) clients together
constexpr std::size_t kMostInMemory = 64 << 20;
// limit of bytes in the buffers of all strangers (clients not authorized yet) together
constexpr std::size_t kMostOfStrangers = 16 << 20;
constexpr std::size_t kReadSize = 64 * 1024;
// Limits of what one connection may do before other connections are served.
constexpr int kReadsAtOnce = 8;
constexpr int kRequestsPerTurn = 8;
// time for a client to send the head of a request, and then again to send its body
constexpr Duration kRequestTime = std::chrono::seconds(10);
constexpr Duration kIdleTime = std::chrono::seconds(120);

HttpResponse plain(int status, const std::string& text) {
  return {.status = status, .body = text + "\n", .type = "text/plain; charset=utf-8"};
}

}  // namespace

class HttpServer::Connection final : public Retirable, public Ready, public Deadline {
 public:
  Connection(HttpServer& server, Fd fd)
      : server_(server), loop_(server.loop_), tls_(server.tls_), stream_(std::move(fd)) {
    loop_.poller().add(stream_.number(), *this);
    if (tls_) {
      stream_.tls().start(tls_->session("", {}), true);
      handshaking_ = true;
    }
    wait(handshaking_ ? kRequestTime : kIdleTime);
  }
  // Disconnects the feed, since this object may be destroyed after its server.
  ~Connection() override {
    if (feed_) feed_->write_ = nullptr;
    loop_.poller().forget(stream_.number());
  }

  void on_ready(std::uint32_t events) noexcept override;
  void on_due(Instant) noexcept override { end(); }

  int number() const { return stream_.number(); }
  bool follows() const { return feed_ != nullptr; }
  // The known connection with the lowest rank is evicted first. Ranks from low to high: idle, part
  // of a request received, responses unread, follows events. Among equals, the oldest connection is
  // evicted first.
  std::pair<int, Instant> eviction_rank() const {
    const bool asking = handshaking_ || timing_ || !input_.empty();
    return {follows() ? 3 : !out_.empty() ? 2 : asking ? 1 : 0, since_};
  }
  std::size_t in_memory() const { return input_.size() + body_.size() + out_.waiting(); }
  void end() {
    if (std::exchange(over_, true)) return;
    if (feed_) feed_->write_ = nullptr;
    loop_.deadlines().cancel(*this);
    server_.forget(stream_.number());
  }

 private:
  void work();
  void parse_input();
  bool parse_step(codecs::ByteView& bytes);
  void on_head();
  void on_request();
  void write(const HttpResponse& response, bool keep);
  void refuse(const HttpResponse& response);
  void wait(Duration time) { loop_.deadlines().set(*this, rules::later(Loop::now(), time)); }
  void follow(std::shared_ptr<Feed> feed);
  void feed(std::string_view text);
  void finish();

  HttpServer& server_;
  Loop& loop_;
  // owned here, since the TLS session uses the contexts during the handshake
  std::shared_ptr<tls::ServerContexts> tls_;
  Stream stream_;
  Outbox out_;
  codecs::Http1Parser parser_{codecs::Http1Parser::Side::kRequests};
  codecs::Bytes input_;  // received bytes that are not parsed yet
  rules::HttpHead head_;
  std::string body_;
  std::shared_ptr<Feed> feed_;   // set if the client follows events
  Instant since_ = Loop::now();  // time of the last request, or of the accept
  // Requests that this connection may have answered before other connections are served.
  int requests_left_ = 0;
  bool handshaking_ = false;
  bool timing_ = false;   // whether a request has begun to arrive
  bool closing_ = false;  // whether the connection closes once out_ is written
  bool finished_ = false;
  bool read_closed_ = false;  // whether the client has ended its sending direction (half-close)
  bool over_ = false;
};

void HttpServer::Connection::on_ready(std::uint32_t) noexcept {
  if (over_) return;
  if (handshaking_) {
    const auto progress = stream_.tls().handshake();
    if (progress == tls::Progress::kAgain) return;
    if (progress == tls::Progress::kFailed) return end();
    handshaking_ = false;
    wait(kIdleTime);
  }
  requests_left_ = kRequestsPerTurn;
  work();
}

// Reads requests and writes responses. While a client leaves too many response bytes unread, no
// further request of that client is read.
void HttpServer::Connection::work() {
  const auto buffer = loop_.read_buffer().first(kReadSize);
  for (int i = 0; i < kReadsAtOnce; ++i) {
    if (!input_.empty()) parse_input();
    if (over_ || !out_.flush(stream_)) return end();
    if (read_closed_ && out_.empty()) return end();
    if (read_closed_) return;
    if (out_.waiting() >= kMostUnread) return;
    if (!input_.empty()) break;
    const auto count = stream_.receive(buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return finish();
    if (count == 0 && !feed_ && !out_.empty()) {
      // The client sends no more requests (half-close): send the responses, then close (RFC 9112,
      // section 9.6).
      closing_ = read_closed_ = true;
      return;
    }
    if (count <= 0) return end();
    if (closing_ || feed_) continue;
    const auto bytes = buffer.first(static_cast<std::size_t>(count));
    input_.assign(bytes.begin(), bytes.end());
  }
  loop_.poller().again(stream_.number());
}

void HttpServer::Connection::finish() {
  if (!closing_ || !out_.empty() || std::exchange(finished_, true)) return;
  stream_.finish();
  wait(kLingerTime);
}

void HttpServer::Connection::parse_input() {
  codecs::ByteView bytes = input_;
  bool more = true;
  while (more && !over_ && !closing_ && !feed_) {
    if (requests_left_ <= 0 || out_.waiting() >= kMostUnread) break;
    more = parse_step(bytes);
  }
  const auto taken = more && !closing_ && !feed_ ? input_.size() - bytes.size() : input_.size();
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(taken));
}

// Parses one part of a request. Returns false after an error, or if more bytes must arrive first.
bool HttpServer::Connection::parse_step(codecs::ByteView& bytes) {
  const auto step = parser_.next(bytes);
  bytes = bytes.subspan(step.taken);
  switch (step.what) {
    case What::kBroken:
      refuse(plain(400, "bad request: " + parser_.why()));
      return false;
    case What::kHead:
      on_head();
      return true;
    case What::kBody:
    case What::kEnd:
      for (const auto part : parser_.payload()) body_ += codecs::text_of(part);
      if (body_.size() > kMostBody) {
        refuse(plain(413, "the request body is too large: send at most 8 MiB"));
        return false;
      }
      server_.limit_memory(*this);
      if (step.what == What::kBody) return false;
      on_request();
      return true;
    default:
      // The time limit starts with the first byte of the request, so a slow client cannot prolong
      // it.
      if (parser_.in_message() && !std::exchange(timing_, true)) wait(kRequestTime);
      return false;
  }
}

void HttpServer::Connection::on_head() {
  head_ = parser_.head();
  body_.clear();
  timing_ = true;
  wait(kRequestTime);
  if (server_.knows_ && server_.knows_(head_)) server_.mark_known(stream_.number());
  if (!parser_.framing().expects_continue) return;
  out_.write(stream_, codecs::bytes_of("HTTP/1.1 100 Continue\r\n\r\n"));
}

void HttpServer::Connection::on_request() {
  const bool keep = parser_.framing().keep_alive;
  --requests_left_;
  timing_ = false;
  since_ = Loop::now();
  wait(kIdleTime);
  auto response = server_.answer(head_, std::exchange(body_, {}));
  if (!server_.knows_ && response.status < 400) server_.mark_known(stream_.number());
  if (response.feed && !server_.may_follow()) {
    response =
        plain(503, "too many clients read the event stream: end one of them, or try again later");
  }
  write(response, keep && !response.feed);
  if (response.feed) follow(std::move(response.feed));
  server_.limit_memory(*this);
}

void HttpServer::Connection::follow(std::shared_ptr<Feed> feed) {
  closing_ = false;
  loop_.deadlines().cancel(*this);
  feed_ = std::move(feed);
  feed_->write_ = [this](std::string_view text) { this->feed(text); };
}

void HttpServer::Connection::feed(std::string_view text) {
  out_.write(stream_, codecs::bytes_of(text));
  if (!out_.flush(stream_) || out_.waiting() > kMostUnreadEvents) end();
}

void HttpServer::Connection::refuse(const HttpResponse& response) { write(response, false); }

void HttpServer::Connection::write(const HttpResponse& response, bool keep) {
  rules::HttpHead head;
  head.start_line = rules::status_line(response.status);
  head.headers = response.headers;
  if (!response.body.empty() || response.feed) head.append("Content-Type", response.type);
  // A response with status 204 has no body and no Content-Length (RFC 9110, section 8.6).
  if (response.status != 204 && !response.feed) head.announce(response.body.size());
  if (!keep) head.append("Connection", "close");
  out_.write(stream_, codecs::bytes_of(head.text()));
  if (head_.method != "HEAD") out_.write(stream_, codecs::bytes_of(response.body));
  closing_ = !keep;
  if (closing_) wait(kIdleTime);
}

HttpServer::HttpServer(Loop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, const Endpoint& where,
                                                       Handler handler,
                                                       std::shared_ptr<tls::ServerContexts> tls,
                                                       IsAuthorized is_authorized) {
  auto sockets = listen_on(where, kWaitingToBeAccepted, 1);
  if (!sockets) return tl::unexpected(sockets.error());
  auto server = std::unique_ptr<HttpServer>(new HttpServer(loop, std::move(handler)));
  server->tls_ = std::move(tls);
  server->knows_ = std::move(is_authorized);
  if (where.is_unix()) server->file_ = UnixSocketFile(where.path);
  server->endpoint_ = bound_to(sockets->front(), where);
  auto view = std::make_shared<ListenerView>();
  view->config.name = "API";
  server->acceptor_ = std::make_unique<Acceptor>(
      loop, std::move(view), std::move(sockets->front()),
      [made = server.get()](Acceptor&, Fd fd, const SocketAddress& peer) {
        made->accepted(std::move(fd), peer);
      });
  server->acceptor_->reserve(kReservedDescriptors);
  return server;
}

HttpServer::~HttpServer() {
  for (auto& [fd, connection] : connections_) loop_.deadlines().cancel(*connection);
}

void HttpServer::accepted(Fd fd, const SocketAddress& peer) {
  make_room();
  const int number = fd.get();
  strangers_.add(number, peer.ip().value_or(IpAddress{}));
  connections_[number] = std::make_unique<Connection>(*this, std::move(fd));
}

// Closes connections of strangers (clients not authorized yet) until a new connection fits. If only
// file descriptors are scarce, closes one connection. First reads the stranger's input, since a
// request that has arrived may authorize the client.
void HttpServer::make_room() {
  while (strangers_.size() >= kMostStrangers ||
         (strangers_.size() > 0 && !acceptor_->has_reserve())) {
    const int first = strangers_.first_to_go();
    auto& connection = *connections_.at(first);
    connection.on_ready(0);
    if (!strangers_.contains(first)) continue;
    connection.end();
    if (strangers_.size() < kMostStrangers) return;
  }
}

// Counts a connection as known after its first authorized request. If there are now too many known
// connections, ends the one with the lowest eviction rank.
void HttpServer::mark_known(int fd) {
  if (!strangers_.contains(fd)) return;
  strangers_.remove(fd);
  if (connections_.size() - strangers_.size() <= kMostOfKnownClients) return;
  Connection* least = nullptr;
  for (const auto& [number, other] : connections_) {
    if (number == fd || strangers_.contains(number)) continue;
    if (least == nullptr || other->eviction_rank() < least->eviction_rank()) least = other.get();
  }
  if (least != nullptr) least->end();
}

bool HttpServer::may_follow() const {
  const auto followers = std::count_if(connections_.begin(), connections_.end(),
                                       [](const auto& entry) { return entry.second->follows(); });
  return static_cast<std::size_t>(followers) < kMostFollowers;
}

// Limits the memory of the group of connections to which `served` belongs: strangers or known
// clients. Ends the connections of this group that hold the most memory. `served` counts, but is
// never ended.
void HttpServer::limit_memory(const Connection& served) {
  const bool strange = strangers_.contains(served.number());
  while (true) {
    std::size_t total = 0;
    Connection* heaviest = nullptr;
    for (const auto& [fd, other] : connections_) {
      if (strangers_.contains(fd) != strange) continue;
      total += other->in_memory();
      if (other.get() == &served) continue;
      if (heaviest == nullptr || other->in_memory() > heaviest->in_memory()) heaviest = other.get();
    }
    if (total <= (strange ? kMostOfStrangers : kMostInMemory)) return;
    if (heaviest == nullptr || heaviest->in_memory() == 0) return;
    heaviest->end();
  }
}

void HttpServer::forget(int fd) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  strangers_.remove(fd);
  loop_.retire(std::move(found->second));
  connections_.erase(found);
}

HttpResponse HttpServer::answer(const rules::HttpHead& head, std::string body) const {
  const auto exchange = rules::HttpExchange::of(head);
  if (!may_ask_for(exchange.host)) {
    return plain(403, "the host name \"" + rules::printable(exchange.host) +
                          "\" is refused on a loopback address: use localhost");
  }
  // Refuses paths and queries that are not UTF-8, since their parts become names in the log, in
  // JSON and in metrics.
  if (!rules::is_utf8(unescaped(exchange.path)) || !rules::is_utf8(unescaped(exchange.query))) {
    return plain(400, "the path or the query is not valid UTF-8 (RFC 3986, 2.5)");
  }
  try {
    return handler_({head.method, exchange.path, exchange.query, head, std::move(body)});
  } catch (const std::exception& problem) {
    return plain(500, rules::printable(problem.what()));
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
