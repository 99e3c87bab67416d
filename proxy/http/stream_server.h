// StreamServer: the upstream connection for one request (stream) of an HTTP/2 client. It takes a
// stream of a shared HTTP/2 connection or an idle HTTP/1 connection, or dials a new connection.
//
// Owned by an Http2Side, which destroys it between iterations of the event loop (Loop::retire()).
// Use only on the event loop's thread.
#pragma once

#include <memory>
#include <vector>

#include "proxy/http/http_host.h"
#include "proxy/net/connector.h"
#include "proxy/net/outbox.h"
#include "rules/protocols/http2/codec/client_stream.h"

namespace brownout::proxy {

class Http2Side;

class StreamServer final : public Retirable,
                           private Ready,
                           private Connector::Owner,
                           private Http2Servers::Dialler,
                           private http::LinkUser {
 public:
  // The interface through which a StreamServer uses the flow of its client.
  class Client {
   public:
    virtual ~Client() = default;
    virtual const rules::FlowFacts& connection() const = 0;
    virtual const std::shared_ptr<UpstreamGroup>& group() const = 0;
    // Returns the PROXY header to send to the server first; "" for none.
    virtual std::string header_for(const SocketAddress& server) const = 0;
    // Logs that no server could be reached.
    virtual void unreachable(const Error& error) const = 0;
    virtual void handshake_failed(const SocketAddress& server, std::string_view why) = 0;
    // Applies the rules on the dial, for a request with these facts.
    virtual rules::Admission admit_dial(rules::FlowFacts& facts,
                                        const rules::HttpExchange* request) = 0;
    // Whether a rule may act on the dial.
    virtual bool rules_act_on_dial() const = 0;
    // Counts bytes that were read from the server.
    virtual void count_from_server(std::size_t bytes) = 0;
  };

  StreamServer(Http2Side& side, http2::ClientStream& stream);
  ~StreamServer() override;

  // Looks for a server. `fresh` requires a connection that has carried no request before.
  void start(bool fresh);
  // Releases the server, because the client's stream has ended. `reusable`: whether the connection
  // may go back to the pool.
  void leave(bool reusable);
  // Sends or buffers bytes to an HTTP/1 server. finish() half-closes the connection after them.
  void write(codecs::ByteView bytes);
  // Whether the buffer for bytes to the server has room, for backpressure.
  bool takes() const;
  void finish();
  // Reads again if reading was paused.
  void resume();
  // Facts about the client's connection, with the address of this server once it is known.
  const rules::FlowFacts& facts() const;

 private:
  void on_ready(std::uint32_t events) noexcept override;
  void server_moved(Instant now) override;
  void on_connected(Stream stream, const SocketAddress& server, std::uint32_t events) override;
  void on_connect_failed(const Error& error) override;
  void on_handshake_failed(const SocketAddress& server, std::string_view why) override;
  std::string proxy_header(const SocketAddress& server) const override;
  Stream idle_connection(const SocketAddress& server) override;
  bool takes_shared(const SocketAddress& server) override;
  tls::OfferedHttp offered_http() const override;
  rules::Admission admit(const SocketAddress& server) override;
  void on_connect_stopped(rules::Admission admission) override;

  void set_server(const SocketAddress& server);
  void start_again() override;
  void dial();
  bool joins_open_connection();
  void read();
  bool upgrades() const;
  bool speaks_http2(const SocketAddress& server) const;
  bool may_share() const;
  // Identifies the client if the connection must not be shared with other clients; else null.
  const void* private_to() const;

  Http2Side& side_;  // must not be used after leave()
  HttpHost& host_;
  http2::ClientStream* stream_;  // null after leave()
  std::shared_ptr<UpstreamGroup> group_;
  // Null if the facts of the client's connection have the address of this server, as they do for
  // clients with one server.
  std::unique_ptr<rules::FlowFacts> own_facts_;
  std::unique_ptr<Connector> connector_;
  std::vector<std::shared_ptr<void>> leases_;
  Stream socket_;  // the connection to an HTTP/1 server
  Outbox out_;
  SocketAddress address_;
  std::unique_ptr<http2::StreamLink> link_;  // the stream to an HTTP/2 server
  bool fresh_ = false;
  bool reused_ = false;
  bool readable_ = false;
  bool reading_ = false;
  bool fin_ = false;  // half-close once all bytes are written
};

}  // namespace brownout::proxy
