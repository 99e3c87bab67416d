// RequestWatch pairs the client's requests with the server messages that answer them, to measure
// response times. It reads the bytes as the client sent and received them. It ignores messages that
// expect no answer, and requests of the server.
//
// After a protocol violation, RequestWatch reads no further bytes. Memory is bounded, whatever the
// peers send. Owned by the object that measures one connection (proxy/flow/turns.h). No I/O; one
// thread.
#pragma once

#include <memory>
#include <vector>

#include "rules/base/instant.h"
#include "rules/language/config.h"
#include "rules/protocols/codec/bytes.h"

namespace brownout::messages {

class RequestWatch {
 public:
  struct Answer {
    rules::Instant asked{};
    bool ok = false;
  };
  virtual ~RequestWatch() = default;
  // Takes bytes that the client sent and that arrived at `now`.
  virtual void from_client(codecs::ByteView bytes, rules::Instant now) = 0;
  // Takes bytes that the client received. Appends each answer whose last byte is among them.
  virtual void to_client(codecs::ByteView bytes, std::vector<Answer>& answers) = 0;
  // Must be called when TLS has begun inside the connection and the proxy terminates it.
  virtual void secured() {}
  // Returns the number of requests that wait for an answer.
  virtual std::size_t open() const = 0;
  // Whether the client has announced the end of the connection (DISCONNECT, the end of its stream).
  virtual bool leaving() const = 0;
};

// Returns null if the requests of the protocol cannot be recognized in its messages.
std::unique_ptr<RequestWatch> request_watch_of(rules::Protocol protocol);

}  // namespace brownout::messages
