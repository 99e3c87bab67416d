// Http2Side: handles the HTTP/2 protocol of one client connection, and forwards each stream to a
// server (StreamServer). The HttpFlow that owns it has the client's socket and applies the faults
// on bytes.
//
// Owned by its HttpFlow; use only on the event loop's thread.
#pragma once

#include <map>
#include <memory>

#include "proxy/http/http_host.h"
#include "proxy/http/stream_server.h"
#include "proxy/loop/poster.h"
#include "rules/protocols/http2/codec/client_connection.h"
#include "rules/protocols/http2/codec/stream_table.h"

namespace brownout::proxy {

class Http2Side final : private http2::ClientConnection::Wire {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void to_client(codecs::ByteView bytes) = 0;
    // Whether the client's socket has room for more bytes, for backpressure.
    virtual bool client_takes() const = 0;
    virtual void close_client(rules::Close how) = 0;
    // Makes the flow call settle() in the next iteration of the event loop.
    virtual void settle_soon() = 0;
    // Called when a server is connected for this client. Applies the rules that match on the
    // server's address.
    virtual void server_connected(const SocketAddress& server) = 0;
    virtual StreamServer::Client& as_client() = 0;
  };

  // `listener` is borrowed.
  Http2Side(Owner& owner, HttpHost& host, const rules::Listener& listener);
  ~Http2Side() override;

  http::ClientSide& side() { return connection_; }
  void settle(Instant now) { connection_.settle(now); }
  bool wants_output() const { return connection_.wants_output(); }
  void settle_soon() { owner_.settle_soon(); }

  // For StreamServer.
  HttpHost& host() { return host_; }
  StreamServer::Client& client() const { return owner_.as_client(); }
  void server_known(const SocketAddress& server);

 private:
  void to_client(codecs::ByteView bytes) override { owner_.to_client(bytes); }
  bool client_takes() const override { return owner_.client_takes(); }
  void close_client(rules::Close how) override { owner_.close_client(how); }
  void ask_for_server(http2::ClientStream& stream, bool fresh) override;
  void drop_server(http2::ClientStream& stream) override;
  void to_server(http2::ClientStream& stream, codecs::ByteView bytes) override;
  bool server_takes(const http2::ClientStream& stream) const override;
  void finish_server(http2::ClientStream& stream) override;
  void resume_server(http2::ClientStream& stream) override;
  const rules::FlowFacts& facts(const http2::ClientStream& stream) override;
  const rules::FlowFacts& client_facts() override { return owner_.as_client().connection(); }
  void begins(const http2::ClientStream& stream) override;
  void responds(const http2::ClientStream& stream, int status) override;
  void cut_short(const http2::ClientStream& stream) override;
  void ended(const http2::ClientStream& stream) override;
  void send_copy(http2::ClientStream& stream, std::string request,
                 std::string_view method) override;
  const rules::RuleSet& rules() override { return host_.rules(); }
  void record(const rules::FlowFacts& request, const rules::Rule& rule, rules::Direction direction,
              const rules::Note& note) override {
    host_.record(request, rule, direction, note);
  }
  void watch(http2::ClientStream& stream, const rules::PlanHolds& holds) override;
  void report(std::string_view event, std::string_view why) override;
  StreamServer* server_of(const http2::ClientStream& stream) const;

  Owner& owner_;
  HttpHost& host_;
  Poster poster_{host_.loop()};
  http2::StreamTable<std::unique_ptr<StreamServer>> servers_;
  std::map<http2::StreamId, Instant> asked_;  // requests without a response, if measured
  bool has_server_ = false;
  // Declared last, since its streams use the members above when they end.
  http2::ClientConnection connection_;
};

}  // namespace brownout::proxy
