#include "proxy/http/stream_server.h"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

#include "proxy/flow/watermark.h"
#include "proxy/http/http2_side.h"

namespace brownout::proxy {
namespace {

// Limit of bytes that the socket has not accepted. Above it, the request is not read further.
constexpr std::size_t kMostWaiting = 256 * 1024;

}  // namespace

StreamServer::StreamServer(Http2Side& side, http2::ClientStream& stream)
    : side_(side), host_(side.host()), stream_(&stream), group_(side.client().group()) {}

StreamServer::~StreamServer() {
  if (socket_) host_.loop().poller().forget(socket_.number());
}

const rules::FlowFacts& StreamServer::facts() const {
  return own_facts_ ? *own_facts_ : side_.client().connection();
}

void StreamServer::set_server(const SocketAddress& server) {
  const auto ip = server.ip();
  const auto port = server.port();
  if (facts().destination == ip && facts().destination_port == port) return;
  if (!own_facts_) own_facts_ = std::make_unique<rules::FlowFacts>(facts());
  own_facts_->destination = ip;
  own_facts_->destination_port = port;
}

void StreamServer::start(bool fresh) {
  fresh_ = fresh;
  start_again();
}

void StreamServer::start_again() {
  if (joins_open_connection()) return;
  auto& servers = host_.http2_servers();
  if (may_share() && !servers.begin_dial(*group_, private_to(), *this)) return;
  dial();
}

// Takes a stream of an open connection to the first server of the group, as a Connector would.
// Saves the Connector where no rule can act on the dial.
bool StreamServer::joins_open_connection() {
  if (side_.client().rules_act_on_dial()) return false;
  const auto first = group_->first(facts().key(), facts().ordinal, Loop::now());
  const auto& server = group_->literal(first);
  if (!server || !takes_shared(*server)) return false;
  group_->mark_working(first);
  on_connected({}, *server, 0);
  return true;
}

void StreamServer::dial() {
  connector_ = std::make_unique<Connector>(host_.loop(), host_.resolver(), group_,
                                           static_cast<Connector::Owner&>(*this), facts().key(),
                                           facts().ordinal);
  connector_->start();
}

void StreamServer::leave(bool reusable) {
  stream_ = nullptr;
  host_.http2_servers().end_dial(*this);
  auto& loop = host_.loop();
  if (connector_) {
    // Destroys the connector later, since it may be the caller.
    connector_->cancel();
    loop.retire(std::move(connector_));
  }
  if (!socket_) return;
  out_.flush(socket_);
  if (reusable && out_.empty() && private_to() == nullptr) {
    return host_.server_pool().put(group_, address_, std::move(socket_));
  }
  loop.poller().forget(socket_.number());
  loop.close_later(socket_.take_fd());
}

const void* StreamServer::private_to() const {
  return is_private(facts(), *group_) ? &side_.client() : nullptr;
}

// Whether the request is an extended CONNECT (WebSocket). Such requests are sent as HTTP/1
// upgrades: few servers allow extended CONNECT, but all WebSocket servers support the upgrade.
bool StreamServer::upgrades() const { return stream_ != nullptr && !stream_->protocol().empty(); }

// Whether the request may use a connection that another request opens.
bool StreamServer::may_share() const {
  const auto version = group_->config().http;
  if (fresh_ || upgrades() || version == rules::HttpVersion::k1) return false;
  return version == rules::HttpVersion::k2 || !host_.http2_servers().known_as_http1(*group_);
}

// Whether to send HTTP/2 to a server without TLS: if so configured or, by default, unless the
// server is known to support only HTTP/1.
bool StreamServer::speaks_http2(const SocketAddress& server) const {
  if (group_->tls()) return false;
  const auto version = group_->config().http;
  return version == rules::HttpVersion::k2 ||
         (version == rules::HttpVersion::kAuto && !upgrades() &&
          !host_.http2_servers().known_as_http1(server));
}

tls::OfferedHttp StreamServer::offered_http() const {
  switch (group_->config().http) {
    case rules::HttpVersion::k1:
      return tls::OfferedHttp::kHttp1;
    case rules::HttpVersion::k2:
      return tls::OfferedHttp::kHttp2;
    case rules::HttpVersion::kAuto:
      break;
  }
  return upgrades() ? tls::OfferedHttp::kHttp1 : tls::OfferedHttp::kAny;
}

bool StreamServer::takes_shared(const SocketAddress& server) {
  const auto version = group_->config().http;
  const bool wants_http1 =
      version == rules::HttpVersion::k1 || (version == rules::HttpVersion::kAuto && upgrades());
  if (fresh_ || wants_http1) return false;
  link_ = host_.http2_servers().link(*group_, server, private_to(), *this);
  return link_ != nullptr;
}

Stream StreamServer::idle_connection(const SocketAddress& server) {
  if (fresh_ || private_to() != nullptr) return {};
  auto stream = host_.server_pool().take(*group_, server);
  reused_ = static_cast<bool>(stream);
  return stream;
}

rules::Admission StreamServer::admit(const SocketAddress& server) {
  set_server(server);
  if (!side_.client().rules_act_on_dial()) return {};
  auto dialled_for = facts();
  auto admission = side_.client().admit_dial(dialled_for, stream_->exchange());
  leases_ = std::move(admission.leases);
  return admission;
}

void StreamServer::on_connected(Stream stream, const SocketAddress& server, std::uint32_t) {
  if (connector_) host_.loop().retire(std::move(connector_));
  address_ = server;
  side_.server_known(server);
  set_server(server);
  const bool dialled = stream && !reused_;
  const bool by_alpn = stream && !stream.plain() && stream.tls().protocol() == "h2";
  if (!link_ && !reused_ && (by_alpn || speaks_http2(server))) {
    link_ = host_.http2_servers().add(group_, server, private_to(), std::move(stream), *this);
  } else if (dialled && !upgrades()) {
    host_.http2_servers().speaks_http1(*group_, server);
  }
  host_.http2_servers().end_dial(*this);
  if (link_) {
    link_->describe(group_->tls() ? "https" : "http", stream_->protocol());
    stream_->server_ready(*link_, Loop::now());
    return side_.settle_soon();
  }
  socket_ = std::move(stream);
  readable_ = true;
  host_.loop().poller().replace(socket_.number(), static_cast<Ready&>(*this));
  stream_->server_ready(std::exchange(reused_, false), Loop::now());
  if (socket_) host_.loop().poller().again(socket_.number());
  side_.settle_soon();
}

void StreamServer::on_connect_failed(const Error& error) {
  host_.loop().retire(std::move(connector_));
  host_.http2_servers().end_dial(*this);
  side_.client().unreachable(error);
  stream_->server_failed("no server of " + group_->config().name + " can be reached",
                         error.origin == Origin::kInjected, Loop::now());
  side_.settle_soon();
}

void StreamServer::on_handshake_failed(const SocketAddress& server, std::string_view why) {
  side_.client().handshake_failed(server, why);
}

std::string StreamServer::proxy_header(const SocketAddress& server) const {
  return side_.client().header_for(server);
}

// A rule's answer in place of the server consists of HTTP/1 bytes, which do not fit here. Ends the
// stream as if the server had reset the connection.
void StreamServer::on_connect_stopped(rules::Admission admission) {
  host_.loop().retire(std::move(connector_));
  host_.http2_servers().end_dial(*this);
  if (admission.verdict == rules::Admission::Verdict::kAnswer) {
    stream_->server_failed("a rule answered in place of the server", true, Loop::now());
  } else {
    stream_->server_silent();
  }
  side_.settle_soon();
}

void StreamServer::server_moved(Instant now) {
  if (stream_ == nullptr) return;
  if (link_) side_.client().count_from_server(link_->take_count());
  // Without TLS, HTTP/2 was only an attempt: if the server does not support it, sends the request
  // again over HTTP/1.
  const bool auto_version = group_->config().http == rules::HttpVersion::kAuto;
  if (link_ && link_->not_http2() && auto_version && !group_->tls())
    host_.http2_servers().speaks_http1(*group_, address_);
  stream_->server_moved(now);
  side_.settle_soon();
}

void StreamServer::on_ready(std::uint32_t events) noexcept {
  if (stream_ == nullptr) return;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  const bool waited = !takes();
  if (!out_.flush(socket_)) out_.clear();
  if (fin_ && out_.empty()) {
    fin_ = false;
    socket_.finish();
  }
  read();
  if (stream_ != nullptr && waited && takes()) stream_->server_moved(Loop::now());
  side_.settle_soon();
}

void StreamServer::read() {
  reading_ = true;
  const auto buffer = host_.loop().read_buffer();
  for (int turn = 0; stream_ != nullptr && readable_ && stream_->wants_server(); ++turn) {
    if (turn == kReadsPerTurn) {
      host_.loop().poller().again(socket_.number());
      break;
    }
    const auto count = socket_.receive(buffer);
    if (count < 0 && errno == EINTR) continue;
    const auto now = Loop::now();
    if (count <= 0) {
      readable_ = false;
      const bool empty = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
      if (!empty) stream_->server_finished(count < 0, now);
      break;
    }
    const auto size = static_cast<std::size_t>(count);
    side_.client().count_from_server(size);
    stream_->server_bytes(buffer.first(size), now);
  }
  reading_ = false;
}

void StreamServer::resume() {
  if (socket_ && readable_ && !reading_) host_.loop().poller().again(socket_.number());
}

void StreamServer::write(codecs::ByteView bytes) {
  if (!socket_) return;
  out_.write(socket_, bytes);
  host_.loop().poller().again(socket_.number());
}

bool StreamServer::takes() const { return out_.waiting() < kMostWaiting; }

void StreamServer::finish() {
  fin_ = true;
  if (socket_) host_.loop().poller().again(socket_.number());
}

}  // namespace brownout::proxy
