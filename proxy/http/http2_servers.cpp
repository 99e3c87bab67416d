#include "proxy/http/http2_servers.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "proxy/flow/watermark.h"
#include "proxy/loop/limited_log.h"

namespace brownout::proxy {
namespace {

// Limit of bytes in the outbox. Above it, output stays in the HTTP/2 session.
constexpr std::size_t kFullOutbox = 256 * 1024;
constexpr std::size_t kOutput = 32 * 1024;

}  // namespace

Http2Server::Http2Server(Http2Servers& owner, Loop& loop, std::shared_ptr<UpstreamGroup> group,
                         const SocketAddress& server, const void* client, Stream stream,
                         bool cautious)
    : owner_(owner),
      loop_(loop),
      group_(std::move(group)),
      server_(server),
      client_(client),
      stream_(std::move(stream)),
      connection_(static_cast<http2::ServerConnection::Wire&>(*this), cautious) {
  loop_.poller().replace(stream_.number(), static_cast<Ready&>(*this));
  // Calls on_ready() once more, since epoll does not report bytes that the TLS session has already
  // taken from the socket.
  loop_.poller().again(stream_.number());
}

Http2Server::~Http2Server() {
  if (stream_) loop_.poller().forget(stream_.number());
}

std::unique_ptr<http2::StreamLink> Http2Server::open(http::LinkUser& user) {
  auto link = over_ ? nullptr : connection_.open(user);
  if (link) loop_.deadlines().cancel(*this);
  return link;
}

void Http2Server::has_output() {
  if (over_ || std::exchange(flushes_, true)) return;
  loop_.poller().again(stream_.number());
}

void Http2Server::report(std::string_view event, std::string_view why) {
  const auto& name = group_->config().name;
  log_limited(spdlog::level::info, "http2 " + name, "upstream {}: {}: {}", name, event, why);
}

void Http2Server::on_ready(std::uint32_t events) noexcept {
  if (over_) return;
  flushes_ = false;
  read((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0);
  if (!over_ && (events & EPOLLERR) != 0 && !connection_.failed())
    connection_.finished("the server has reset the connection", Loop::now());
  flush();
}

void Http2Server::read(bool ends) {
  const auto buffer = loop_.read_buffer();
  for (int turn = 0; !connection_.failed(); ++turn) {
    // Handles the bytes of each read at once, since all connections share the read buffer.
    if (turn == kReadsPerTurn) return loop_.poller().again(stream_.number());
    const auto count = stream_.receive(buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0) {
      return connection_.finished(count == 0 ? "the server has closed the connection"
                                             : "the server has reset the connection",
                                  Loop::now());
    }
    const auto size = static_cast<std::size_t>(count);
    connection_.receive(buffer.first(size), Loop::now());
    if (size < buffer.size() && !ends && stream_.plain()) return;
  }
}

void Http2Server::flush() {
  while (!over_ && connection_.wants_output() && out_.waiting() < kFullOutbox) {
    const auto bytes = connection_.output(kOutput);
    if (bytes.empty()) break;
    out_.write(stream_, bytes);
  }
  if (!out_.flush(stream_) && !connection_.failed())
    connection_.finished("the server has reset the connection", Loop::now());
  connection_.tell_users(Loop::now());
  if (connection_.over() && (connection_.failed() || out_.empty())) return over();
  if (connection_.links() == 0)
    loop_.deadlines().set(*this, rules::later(Loop::now(), Http2Servers::kLongest));
}

void Http2Server::on_due(Instant) noexcept {
  if (connection_.links() > 0) return;
  connection_.shut_down();
  flush();
  over();
}

void Http2Server::over() {
  if (std::exchange(over_, true)) return;
  loop_.deadlines().cancel(*this);
  loop_.poller().forget(stream_.number());
  loop_.close_later(stream_.take_fd());
  const auto found = std::find_if(owner_.all_.begin(), owner_.all_.end(),
                                  [&](const auto& some) { return some.get() == this; });
  auto self = std::move(*found);
  owner_.all_.erase(found);
  loop_.retire(std::move(self));
}

std::unique_ptr<http2::StreamLink> Http2Servers::link(const UpstreamGroup& group,
                                                      const SocketAddress& server,
                                                      const void* client, http::LinkUser& user) {
  for (const auto& some : all_) {
    if (some->group_.get() != &group || some->client_ != client ||
        some->server_.ip() != server.ip() || some->server_.port() != server.port()) {
      continue;
    }
    if (auto link = some->open(user)) return link;
  }
  return nullptr;
}

std::unique_ptr<http2::StreamLink> Http2Servers::add(std::shared_ptr<UpstreamGroup> group,
                                                     const SocketAddress& server,
                                                     const void* client, Stream stream,
                                                     http::LinkUser& user) {
  // Without TLS there is no ALPN, so it is unknown whether the server speaks HTTP/2.
  const bool cautious = stream.plain();
  all_.push_back(std::make_unique<Http2Server>(*this, loop_, std::move(group), server, client,
                                               std::move(stream), cautious));
  return all_.back()->open(user);
}

bool Http2Servers::begin_dial(const UpstreamGroup& group, const void* client, Dialler& dialler) {
  for (auto& dial : dials_) {
    if (dial.group != &group || dial.client != client) continue;
    dial.waiting.push_back(&dialler);
    return false;
  }
  dials_.push_back({&group, client, &dialler, {}});
  return true;
}

void Http2Servers::end_dial(Dialler& dialler) {
  for (auto& dial : dials_) std::erase(dial.waiting, &dialler);
  const auto own = std::find_if(dials_.begin(), dials_.end(),
                                [&](const auto& dial) { return dial.leader == &dialler; });
  if (own == dials_.end()) return;
  auto waiting = std::move(own->waiting);
  dials_.erase(own);
  // The first of these requests may dial again, and make the others wait for it.
  for (auto* next : waiting) next->start_again();
}

void Http2Servers::speaks_http1(const UpstreamGroup& group, const SocketAddress& server) {
  if (known_as_http1(server) && known_as_http1(group)) return;
  if (http1_.size() == kMostKnown) http1_.erase(http1_.begin());
  http1_.emplace_back(&group, server);
}

bool Http2Servers::known_as_http1(const SocketAddress& server) const {
  return std::any_of(http1_.begin(), http1_.end(), [&](const auto& known) {
    return known.second.ip() == server.ip() && known.second.port() == server.port();
  });
}

bool Http2Servers::known_as_http1(const UpstreamGroup& group) const {
  return std::any_of(http1_.begin(), http1_.end(),
                     [&](const auto& known) { return known.first == &group; });
}

}  // namespace brownout::proxy
