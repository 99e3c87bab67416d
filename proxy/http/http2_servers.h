// Http2Server: one HTTP/2 connection to a server, which serves requests of several clients.
// Http2Servers: those of one worker, by server.
//
// A connection ends when the server ends it, or after kLongest without a request. A connection that
// belongs to one client (its PROXY header, its original destination) serves that client only. Use
// only on the event loop's thread.
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

  // Makes a link for one request; null if the server allows no further one now.
  std::unique_ptr<http2::StreamLink> open(http::LinkUser& user);

 private:
  friend class Http2Servers;
  void on_ready(std::uint32_t events) noexcept override;
  void on_due(Instant now) noexcept override;
  void has_output() override;
  void report(std::string_view event, std::string_view why) override;
  void read();
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

  // A request that needs a connection.
  class Dialler {
   public:
    virtual ~Dialler() = default;
    // Called when the dial for which the request has waited is over.
    virtual void start_again() = 0;
  };
  // Returns whether the request dials itself. Otherwise another request dials a server of the group
  // for `client`, whose connection this one may share, and start_again() is called afterwards. A
  // request that dials must call end_dial().
  bool begin_dial(const UpstreamGroup& group, const void* client, Dialler& dialler);
  // Its dial is over, or the request that waits or dials has gone.
  void end_dial(Dialler& dialler);

  // Remember that a server, or a group of servers, speaks HTTP/1 only, until kMostKnown others have
  // been remembered.
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
