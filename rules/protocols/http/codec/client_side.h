// ClientSide is the interface of a client's HTTP connection, whatever its HTTP version: it parses
// the client's bytes and relays the requests. ServerUser is the interface of an object that needs a
// server connection for one request at a time: a client's HTTP/1 connection, or a stream of its
// HTTP/2 connection.
//
// No I/O and no clock: the caller passes received bytes and the time. Owned by the connection that
// it serves; one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/http/codec/server_link.h"

namespace brownout::http {

class ClientSide {
 public:
  virtual ~ClientSide() = default;

  // These functions take received bytes, or the end of the client's stream.
  virtual void client_bytes(ByteView bytes, Instant now) = 0;
  virtual void client_finished(Instant now) = 0;
  // Must be called when the client's socket, which was full, has room again.
  virtual void client_has_room(Instant /*now*/) {}
  // Asks the client to send no further requests on this connection (`Connection: close` or GOAWAY),
  // since the proxy is about to end. Requests that have arrived are served. May be called more than
  // once.
  virtual void drain(Instant now) = 0;
  // Applies changed rules.
  virtual void apply(const rules::RuleSet& set, Instant now) = 0;
  // Returns the time at which advance() must be called.
  virtual Instant deadline() const = 0;
  virtual void advance(Instant now) = 0;
  // Whether to read from the client now. False applies backpressure.
  virtual bool wants_client() const = 0;
  // Whether the connection carries bytes or messages instead of requests.
  virtual bool tunnel() const { return false; }
  virtual bool over() const = 0;
  // Returns a current request and its response, or null if no rule may match them.
  virtual const rules::HttpExchange* exchange() const = 0;
  // Returns the names of the rules that act on messages after an upgrade.
  virtual std::vector<std::string> message_rules() const { return {}; }
};

class ServerUser : public LinkUser {
 public:
  // Results of a request for a server connection. The first function: an HTTP/1 connection is open
  // (`reused`: it has carried earlier requests). The second: `link` is a stream of an HTTP/2
  // connection; it is borrowed. The third: no connection could be made (`injected`: because of a
  // rule).
  virtual void server_ready(bool reused, Instant now) = 0;
  virtual void server_ready(ServerLink& link, Instant now) = 0;
  virtual void server_failed(std::string_view why, bool injected, Instant now) = 0;
  // Must be called if a rule leaves the connection attempt without an answer.
  virtual void server_silent() = 0;
  // These functions take bytes of an HTTP/1 connection, or its end (`reset` means a RST).
  virtual void server_bytes(ByteView bytes, Instant now) = 0;
  virtual void server_finished(bool reset, Instant now) = 0;
  // Must be called when the holds passed to watch() release the message.
  virtual void on_release(Instant now) = 0;
  // Whether to read from the server now. False applies backpressure.
  virtual bool wants_server() const = 0;
  // Whether the HTTP/1 connection is idle and may be used for another client.
  virtual bool server_reusable() const = 0;
};

}  // namespace brownout::http
