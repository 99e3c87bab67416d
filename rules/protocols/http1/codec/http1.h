// HTTP/1.0 and 1.1 (RFC 9110, RFC 9112) out of a stream, one direction of a connection: heads by
// llhttp, bodies by http1_body.h.
//
// The parser says where a head, a body and a message end; the bytes themselves stay the caller's,
// who passes them on unchanged. However the stream was cut into reads, the boundaries are the same.
// Bounded: a head of at most kMostHead bytes is kept, a body never.
//
// Shapes on which two implementations may disagree, and which smuggle requests past one of them
// (RFC 9112, 11.2), are refused: Content-Length with Transfer-Encoding, several of either,
// Transfer-Encoding with HTTP/1.0, with a tab, or, in a request, whose last coding is not
// "chunked"; a CR without LF, folded header lines, several Hosts. Any token is a method (RFC 9110,
// 9.1). No I/O; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/http1/codec/http1_body.h"
#include "rules/protocols/http1/http.h"

namespace brownout::codecs {

// What decides where a message ends, and the connection with it.
struct HttpFraming {
  std::string method;  // of a request
  int status = 0;      // of a response
  int minor = 1;       // HTTP/1.x
  bool keep_alive = true;
  bool chunked = false;
  bool has_body = false;
  bool expects_continue = false;  // RFC 9110, 10.1.1
  std::optional<std::uint64_t> content_length;
};

class Http1Parser {
 public:
  static constexpr std::size_t kMostHead = 64 * 1024;

  enum class Side { kRequests, kResponses };
  enum class What {
    kMore,      // all bytes were taken; no boundary yet
    kHead,      // a head ends here: framing() and head() are valid until the next one begins
    kBody,      // all bytes were taken, they are of a body
    kEnd,       // a message ends here
    kUpgraded,  // a response ends here, and what follows, both ways, is another protocol or a
                // tunnel
    kBroken,    // no HTTP, or a shape that is refused: why() says which. Nothing more can be parsed
  };
  struct Step {
    What what = What::kMore;
    std::size_t taken = 0;  // of the bytes given
  };

  explicit Http1Parser(Side side);
  ~Http1Parser();
  Http1Parser(const Http1Parser&) = delete;
  Http1Parser& operator=(const Http1Parser&) = delete;

  // Goes on to the next boundary. Call it again with the rest, also when the rest is empty, until
  // it says kMore or kBody.
  Step next(ByteView bytes);
  // The stream has ended: kEnd if that ends a response (RFC 9112, 6.3, 8), kBroken in the middle of
  // a message, else kMore.
  What finish();

  // Before each response: the method of the request that it answers (HEAD has no body, CONNECT
  // begins a tunnel).
  void answers(std::string_view method);

  const HttpFraming& framing() const;
  // As a value, for rules: costs what a copy costs.
  rules::HttpHead head() const;
  // Of the current message: the bytes of its head, as they came. When it is broken: what had been
  // taken of it in steps before.
  ByteView raw_head() const;
  // What the bytes of the last step, which are borrowed, hold of a body, without chunk framing.
  std::span<const ByteView> payload() const;
  // Behind a chunked body.
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
