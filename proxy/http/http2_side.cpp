#include "proxy/http/http2_side.h"

#include <utility>

namespace brownout::proxy {

Http2Side::Http2Side(Owner& owner, HttpHost& host, const rules::Listener& listener)
    : owner_(owner),
      host_(host),
      connection_(static_cast<http2::ClientConnection::Wire&>(*this), listener) {}

Http2Side::~Http2Side() = default;

StreamServer* Http2Side::server_of(const http2::ClientStream& stream) const {
  const auto* found = servers_.find(stream.id());
  return found == nullptr ? nullptr : found->get();
}

void Http2Side::ask_for_server(http2::ClientStream& stream, bool fresh) {
  if (server_of(stream) != nullptr) return;
  auto made = std::make_unique<StreamServer>(*this, stream);
  auto& server = *made;
  servers_.add(stream.id(), std::move(made));
  server.start(fresh);
}

void Http2Side::drop_server(http2::ClientStream& stream) {
  auto server = servers_.remove(stream.id());
  if (!server) return;
  server->leave(stream.server_reusable());
  // Destroys the server later, since events of this iteration of the event loop may still refer to
  // it.
  host_.loop().retire(std::move(server));
}

void Http2Side::to_server(http2::ClientStream& stream, codecs::ByteView bytes) {
  if (auto* server = server_of(stream)) server->write(bytes);
}

bool Http2Side::server_takes(const http2::ClientStream& stream) const {
  const auto* server = server_of(stream);
  return server == nullptr || server->takes();
}

void Http2Side::finish_server(http2::ClientStream& stream) {
  if (auto* server = server_of(stream)) server->finish();
}

void Http2Side::resume_server(http2::ClientStream& stream) {
  if (auto* server = server_of(stream)) server->resume();
}

const rules::FlowFacts& Http2Side::facts(const http2::ClientStream& stream) {
  const auto* server = server_of(stream);
  return server != nullptr ? server->facts() : owner_.as_client().connection();
}

void Http2Side::server_known(const SocketAddress& server) {
  if (!std::exchange(has_server_, true)) owner_.server_connected(server);
}

void Http2Side::begins(const http2::ClientStream& stream) {
  if (host_.watched()) asked_[stream.id()] = Loop::now();
}

void Http2Side::responds(const http2::ClientStream& stream, int status) {
  const auto asked = asked_.find(stream.id());
  if (asked == asked_.end()) return;
  host_.served(facts(stream), {is_success(status), Loop::now() - asked->second});
  asked_.erase(asked);
}

void Http2Side::cut_short(const http2::ClientStream& stream) {
  if (host_.watched()) host_.served(facts(stream), {false, std::nullopt});
}

// Reports a request that has no response as failed.
void Http2Side::ended(const http2::ClientStream& stream) {
  if (asked_.erase(stream.id()) > 0) host_.served(facts(stream), {false, std::nullopt});
}

void Http2Side::send_copy(http2::ClientStream& stream, std::string request,
                          std::string_view method) {
  if (!host_.request_copies().send(owner_.as_client().group(), facts(stream), std::move(request),
                                   method)) {
    report("sent once", "too many duplicates of other requests are in flight");
  }
}

void Http2Side::watch(http2::ClientStream& stream, const rules::PlanHolds& holds) {
  holds.watch(poster_.bind_to_loop([this, id = stream.id()] {
    if (auto* released = connection_.find(id)) released->on_release(Loop::now());
    owner_.settle_soon();
  }));
}

void Http2Side::report(std::string_view event, std::string_view why) {
  host_.report(owner_.as_client().connection(), event, why);
}

}  // namespace brownout::proxy
