// Http2Answers answers the HTTP/2 requests on one connection of the embedded test server
// (messaging_server.h). Calls of the gRPC health service (grpc.health.v1) get SERVING, and a Watch
// stays open. Other gRPC methods get UNIMPLEMENTED. Requests that are not gRPC get 200 and "ok".
//
// No I/O: the caller passes received bytes to receive() and sends the bytes of output(). One
// thread.
#pragma once

#include <map>
#include <string>

#include "rules/protocols/http2/codec/session.h"

namespace brownout::proxy {

class Http2Answers final : private http2::Session::Owner {
 public:
  Http2Answers() : session_(http2::Session::Role::kServer, *this, {}) {}

  void receive(codecs::ByteView bytes, rules::Instant now) { session_.receive(bytes, now); }
  codecs::ByteView output(std::size_t most) { return session_.output(most); }
  bool over() const { return session_.over(); }

 private:
  using StreamId = http2::StreamId;
  void on_head(StreamId id, rules::HttpHead&& head, std::string_view scheme,
               std::string_view protocol, bool ended) override;
  void on_interim(StreamId, rules::HttpHead&&) override {}
  void on_data(StreamId id, codecs::ByteView bytes) override {
    session_.consumed(id, bytes.size());
  }
  void on_end(StreamId id, std::vector<rules::HttpHeader> trailers) override;
  void on_reset(StreamId id, std::uint32_t, bool, std::string_view) override { asked_.erase(id); }
  void on_closed(StreamId id) override { asked_.erase(id); }
  void on_sent(StreamId, std::size_t) override {}
  void on_goaway(StreamId, std::uint32_t) override {}
  void on_settings(std::uint32_t) override {}
  void on_failed(std::string_view) override {}
  void answer(StreamId id, const rules::HttpHead& request);
  void answer_call(StreamId id, const std::string& path);

  http2::Session session_;
  std::map<StreamId, rules::HttpHead> asked_;  // requests whose body has not ended
};

}  // namespace brownout::proxy
