// Http2Server: one HTTP/2 connection to an upstream server, shared by the requests of several
// clients. Http2Servers: the pool of these connections in one worker.
//
// A connection ends when the server ends it, or after kLongest without a request. A connection with
// a client's PROXY header, or to a client's original destination, serves only that client. Use only
// on the event loop's thread.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "proxy/loop/loop.h"
#include "proxy/net/outbox.h"
#include "proxy/net/socket.h"
#include "proxy/net/stream.h"
#include "proxy/net/upstream_group.h"
#include "rules/protocols/http2/codec/server_connection.h"

namespace brownout::proxy {

class Http2Servers;

class Http2Server final : public Retirable,
                          private Ready,
                          private Deadline,
                          private http2::ServerConnection::Wire {
 public:
  Http2Server(Http2Servers& owner, Loop& loop, std::shared_ptr<UpstreamGroup> group,
              const SocketAddress& server, const void* client, Stream stream, bool cautious);
  ~Http2Server() override;

  // Makes a link (stream) for one request; null if the connection cannot take another stream now.
  std::unique_ptr<http2::StreamLink> open(http::LinkUser& user);

 private:
  friend class Http2Servers;
  void on_ready(std::uint32_t events) noexcept override;
  void on_due(Instant now) noexcept override;
  void has_output() override;
  void report(std::string_view event, std::string_view why) override;
  // `ends` means that more than data may wait in the socket. Otherwise a read that does not fill
  // the buffer has emptied it.
  void read(bool ends);
  void flush();
  void over();

  Http2Servers& owner_;
  Loop& loop_;
  const std::shared_ptr<UpstreamGroup> group_;
  const SocketAddress server_;
  const void* client_;  // the client to which the connection belongs, or null
  Stream stream_;
  Outbox out_;
  http2::ServerConnection connection_;
  bool flushes_ = false;  // a flush is due in the next iteration of the event loop
  bool over_ = false;
};

class Http2Servers {
 public:
  static constexpr Duration kLongest = std::chrono::seconds(60);

  explicit Http2Servers(Loop& loop) : loop_(loop) {}

  // Returns a link on an open connection to `server` for a request of `client`; null if there is no
  // such connection, or none with room.
  std::unique_ptr<http2::StreamLink> link(const UpstreamGroup& group, const SocketAddress& server,
                                          const void* client, http::LinkUser& user);
  // Adds a connection that has just opened, and is registered in the poller. `client` is null if
  // other clients may use it. Returns a link on it.
  std::unique_ptr<http2::StreamLink> add(std::shared_ptr<UpstreamGroup> group,
                                         const SocketAddress& server, const void* client,
                                         Stream stream, http::LinkUser& user);

  // A request that needs a connection, implemented by the caller.
  class Dialler {
   public:
    virtual ~Dialler() = default;
    // Called when the dial for which the request has waited is over.
    virtual void start_again() = 0;
  };
  // Returns true if the request must dial itself; it then must call end_dial() afterwards. Returns
  // false if another request is already dialling a server of the group, whose connection this
  // request may share. start_again() is called when that dial is over.
  bool begin_dial(const UpstreamGroup& group, const void* client, Dialler& dialler);
  // Call when the dial of `dialler` is over, or when `dialler` no longer needs a connection.
  void end_dial(Dialler& dialler);

  // speaks_http1() records that a server supports only HTTP/1. known_as_http1() returns whether
  // that is recorded for this server, or for at least one server of the group. The latest
  // kMostKnown servers are kept.
  static constexpr std::size_t kMostKnown = 256;
  void speaks_http1(const UpstreamGroup& group, const SocketAddress& server);
  bool known_as_http1(const SocketAddress& server) const;
  bool known_as_http1(const UpstreamGroup& group) const;

 private:
  friend class Http2Server;
  struct Dial {
    const UpstreamGroup* group;
    const void* client;
    Dialler* leader;
    std::vector<Dialler*> waiting;
  };

  Loop& loop_;
  std::vector<std::unique_ptr<Http2Server>> all_;
  std::vector<Dial> dials_;
  std::vector<std::pair<const UpstreamGroup*, SocketAddress>> http1_;
};

}  // namespace brownout::proxy
