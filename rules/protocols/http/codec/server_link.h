// ServerLink is the interface through which an exchange sends its request to a server and reads the
// response. It is an HTTP/1 connection, which serves one exchange after the other, or a stream of
// an HTTP/2 connection.
//
// It sends the request that an Exchange gives, and reads the response into the Exchange, as far as
// the Exchange takes it. No I/O; one thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rules/protocols/http/codec/exchange.h"

namespace brownout::http {

// Interface of the object that uses a ServerLink.
class LinkUser {
 public:
  virtual ~LinkUser() = default;
  // Called when read() may make progress, or when the server accepts data again.
  virtual void server_moved(Instant now) = 0;
};

class ServerLink {
 public:
  // The result of read().
  enum class Read {
    kWait,      // nothing more can be read now
    kMore,      // one step was made; call read() again
    kInterim,   // the head of an interim response, which head() returns; then call read() again
    kUpgraded,  // the response ends, and both directions change to another protocol
    kBroken,    // the response is malformed; why() has the reason
  };
  // Changes the head of a response before any rule sees it.
  using Edit = void (*)(rules::HttpHead& head, const codecs::HttpFraming& framing);

  virtual ~ServerLink() = default;

  // Major version of HTTP that the server speaks.
  virtual int version() const = 0;
  // These functions send a request. `raw` is its head as received, used if no rule changed it; it
  // is empty if the request did not arrive as HTTP/1.
  virtual void send_head(const Exchange::Outgoing& request, ByteView raw) = 0;
  virtual void send_body(ByteView raw, std::span<const ByteView> payload) = 0;
  virtual void send_end(const std::vector<rules::HttpHeader>& trailers, bool whole) = 0;
  // Number of bytes of the request that wait for the server, apart from those in a socket's buffer.
  virtual std::size_t queued() const { return 0; }

  // Reads one step of the response, and gives it to the exchange. Removes from `bytes`, received
  // from the server, what it has read. `edit` may be null.
  virtual Read read(ByteView& bytes, Exchange& exchange, rules::Instant now, Edit edit) = 0;
  // Over HTTP/2: sets the code of the RST_STREAM that is sent if the request ends early.
  virtual void reset_with(std::uint32_t /*code*/) {}
  // Over HTTP/2: passes on that the client has changed the priority of its request. `value` is a
  // Priority Field Value (RFC 9218, 4).
  virtual void prioritize(std::string_view /*value*/) {}
  // Returns the head and the trailers of the response that is being read.
  virtual rules::HttpHead head() const = 0;
  virtual const std::vector<rules::HttpHeader>& trailers() const = 0;
  // Returns the head as received, if the server speaks HTTP/1.
  virtual ByteView raw_head() const { return {}; }
  // Returns why the request or its response failed, as text.
  virtual std::string why() const = 0;

  // After kUpgraded, over HTTP/2: sends bytes of a tunnel, or its end. tunnel_data() returns bytes
  // that have arrived; tunnel_taken() must be called when they are forwarded.
  virtual void tunnel_send(ByteView /*bytes*/) {}
  virtual void tunnel_finish() {}
  virtual ByteView tunnel_data() const { return {}; }
  virtual void tunnel_taken() {}
  virtual bool tunnel_ended() const { return false; }

  // Whether the server has ended the connection, or this stream of it, and how.
  virtual bool ended() const = 0;
  virtual rules::Close how_ended() const = 0;
  // Code of the server's RST_STREAM (RFC 9113, 7); 0 if the stream did not end by RST_STREAM.
  virtual std::uint32_t reset_code() const { return 0; }
  // Whether the end of the connection is the regular end of the response that is being read.
  virtual bool ends_response() = 0;
  // Whether the request may be sent again after the connection or stream has ended.
  virtual Retry retry() const = 0;
};

}  // namespace brownout::http
