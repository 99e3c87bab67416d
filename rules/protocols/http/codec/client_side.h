// ClientSide is the connection of a client, of either version of HTTP, behind the faults on bytes:
// it takes the client's bytes and relays the requests in them. ServerUser is what needs a server
// for one request at a time: the HTTP/1 connection of a client, or a stream of HTTP/2.
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
  // The client's socket has room again for bytes that waited for it.
  virtual void client_has_room(Instant /*now*/) {}
  // The proxy is about to end: tells the client to send further requests elsewhere. Requests that
  // have arrived are served. May be called more than once.
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
  // These functions tell what became of the connection that was asked for: it is open and speaks
  // HTTP/1 (`reused` means that it has carried earlier requests), it is a stream of HTTP/2, which
  // is borrowed, or it failed. `injected` means that a rule caused the failure.
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
