// Http1Parser finds the HTTP/1 messages in one direction of a connection (RFC 9110, RFC 9112).
//
// llhttp parses heads, http1_body.h parses bodies. The parser reports where heads, bodies and
// messages end, so that the caller can forward the bytes unchanged. The result does not depend on
// how reads split the stream. The parser keeps a head of at most kMostHead bytes, but no body.
//
// The parser refuses messages that two implementations may read differently, because they allow
// request smuggling (RFC 9112, 11.2):
// - Content-Length with Transfer-Encoding, or several of either;
// - Transfer-Encoding in HTTP/1.0, with a tab, or in a request without "chunked" as last coding;
// - a CR without LF, folded header lines, several Host headers.
//
// Any token is a method (RFC 9110, 9.1). No I/O; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/http/codec/framing.h"
#include "rules/protocols/http1/codec/http1_body.h"
#include "rules/protocols/http1/http.h"

namespace brownout::codecs {

class Http1Parser {
 public:
  static constexpr std::size_t kMostHead = 64 * 1024;  // size in bytes

  enum class Side { kRequests, kResponses };
  enum class What {
    kMore,      // all bytes were taken, and no boundary was found
    kHead,      // a head ends here; framing() and head() are valid until the next head begins
    kBody,      // all bytes were taken and belong to a body
    kEnd,       // a message ends here
    kUpgraded,  // a response ends here, and both directions change to another protocol or a tunnel
    kBroken,    // not HTTP, or refused; why() has the reason, and the parser cannot go on
  };
  struct Step {
    What what = What::kMore;
    std::size_t taken = 0;  // number of input bytes taken
  };

  explicit Http1Parser(Side side);
  ~Http1Parser();
  Http1Parser(const Http1Parser&) = delete;
  Http1Parser& operator=(const Http1Parser&) = delete;

  // Parses up to the next boundary. Call again with the rest, even if the rest is empty, until the
  // result is kMore or kBody.
  Step next(ByteView bytes);
  // Must be called when the stream ends. Returns kEnd if that completes a response (RFC 9112, 6.3,
  // 8), kBroken within a message, else kMore.
  What finish();

  // Must be called before each response with the method of its request. A response to HEAD has no
  // body, and CONNECT begins a tunnel.
  void answers(std::string_view method);

  const HttpFraming& framing() const;
  // Returns a copy of the head as a value, for rules.
  rules::HttpHead head() const;
  // Returns the head of the current message as received. After kBroken, returns those bytes of the
  // message that earlier steps have taken.
  ByteView raw_head() const;
  // Returns the payload in the input of the last step, without chunk framing. Valid as long as that
  // input.
  std::span<const ByteView> payload() const;
  // Returns the trailers of a chunked body.
  const std::vector<rules::HttpHeader>& trailers() const;
  const std::string& why() const;
  bool in_message() const;

 private:
  struct State;
  Step parse_head(ByteView bytes);
  Step parse_body(ByteView bytes);
  std::unique_ptr<State> state_;
};

}  // namespace brownout::codecs
