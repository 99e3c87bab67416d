// The part of HttpFlow that chooses the server and opens the connection to it.
#include <sys/epoll.h>

#include <utility>

#include "proxy/http/http_flow.h"

namespace brownout::proxy {

void HttpFlow::ask_for_server(bool fresh) {
  if (connector_) return;
  fresh_ = fresh;
  if (!target_ || *target_ == conversation_.target()) return dial();
  target_ = conversation_.target();
  find_target(*target_);
}

// Applies once more the rules that act when a connection arrives, as if the client had connected to
// this server. Does so in the next iteration of the event loop, since the caller may be the
// Conversation, which asks for a server.
void HttpFlow::target_known(std::vector<Endpoint> servers) {
  group_ = UpstreamGroup::to(std::move(servers), host_.rules().seed(), nullptr);
  poster_.bind_to_loop([this] {
    if (state_ != State::kServing) return;
    state_ = State::kWaiting;
    changes_server_ = true;
    apply_rules();
    // Sends a rule's answer at once, since the client's request has already arrived.
    if (state_ == State::kAnswering) send_and_close(answer_);
  })();
}

void HttpFlow::admitted() {
  serve();
  if (!std::exchange(changes_server_, false) || over()) return;
  dial();
  work();
}

void HttpFlow::target_refused(std::string) {
  poster_.bind_to_loop([this] {
    if (state_ != State::kServing) return;
    stats().connect_failed.fetch_add(1, std::memory_order_relaxed);
    conversation_.server_failed("DNS has no address for " + target_->host, false, Loop::now());
    work();
  })();
}

tls::OfferedHttp HttpFlow::offered_http() const {
  return wants_http2_server() ? tls::OfferedHttp::kHttp2 : tls::OfferedHttp::kHttp1;
}

bool HttpFlow::takes_shared(const SocketAddress& server) {
  if (fresh_ || !wants_http2_server()) return false;
  link_ = http_host_.http2_servers().link(*group_, server, private_to(), *this);
  return link_ != nullptr;
}

void HttpFlow::server_moved(Instant now) {
  if (state_ != State::kServing) return;
  if (link_) passed(rules::Direction::kDownstream, link_->take_count());
  conversation_.server_moved(now);
  settle_soon();
}

Stream HttpFlow::idle_connection(const SocketAddress& server) {
  if (fresh_ || wants_http2_server()) return {};
  auto stream = http_host_.server_pool().take(*group_, server);
  reused_ = static_cast<bool>(stream);
  return stream;
}

void HttpFlow::on_connected(Stream stream, const SocketAddress& server, std::uint32_t events) {
  const bool by_alpn = stream && !stream.plain() && stream.tls().protocol() == "h2";
  if (!link_ && (by_alpn || (wants_http2_server() && !group_->tls()))) {
    link_ = http_host_.http2_servers().add(group_, server, private_to(), std::move(stream), *this);
  }
  if (!link_) {
    server_.stream = std::move(stream);
    server_.readable = (events & (EPOLLIN | EPOLLRDHUP)) != 0;
    server_.finished = false;
    server_address_ = server;
    host_.loop().poller().replace(server_.stream.number(), server_);
  }
  server_connected(server);
  const auto now = Loop::now();
  if (link_) {
    link_->describe(group_->tls() ? "https" : "http", "");
    conversation_.server_ready(*link_, now);
  } else {
    conversation_.server_ready(std::exchange(reused_, false), now);
  }
  // Reads in the next iteration of the event loop, since the caller may be the Conversation. If the
  // Conversation has dropped the server, reads from the client.
  auto& next = server_.stream ? server_ : client_;
  host_.loop().poller().again(next.stream.number());
}

void HttpFlow::on_connect_failed(const Error& error) {
  log_unreachable(error);
  host_.loop().retire(std::move(connector_));
  conversation_.server_failed("no server of " + server_name() + " can be reached",
                              error.origin == Origin::kInjected, Loop::now());
  work();
}

void HttpFlow::on_connect_stopped(rules::Admission admission) {
  host_.loop().retire(std::move(connector_));
  if (admission.verdict == rules::Admission::Verdict::kAnswer) {
    return send_and_close(admission.answer);
  }
  conversation_.server_silent();
  host_.loop().poller().again(client_.stream.number());
}

void HttpFlow::drop_server() {
  if (link_) host_.loop().retire(std::make_unique<RetiredLink>(std::move(link_)));
  if (!server_.stream) return;
  server_.out.flush(server_.stream);
  server_.out.clear();
  host_.loop().poller().forget(server_.stream.number());
  host_.loop().close_later(server_.stream.take_fd());
  server_.readable = server_.finished = server_.urgent = false;
  server_fin_ = false;
}

void HttpFlow::release() {
  state_ = State::kOver;
  // A connection that serves only this client (PROXY header, original destination) is not pooled.
  const bool reusable = !is_private(facts_, *group_) && conversation_.server_reusable();
  if (server_.stream && server_.out.empty() && reusable) {
    http_host_.server_pool().put(group_, server_address_, std::move(server_.stream));
  }
  leave();
}

void HttpFlow::send_copy(std::string request, std::string_view method) {
  if (!http_host_.request_copies().send(group_, facts_, std::move(request), method)) {
    report("sent once", "too many duplicates of other requests are in flight");
  }
}

}  // namespace brownout::proxy
