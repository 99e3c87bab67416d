// RequestWatch: which of a client's messages are requests, and which message from the server
// answers each, in the bytes as the client sent and got them. A message that expects no answer is
// no request, and neither is one of the server's own.
//
// What is not this protocol is not looked at any further. Bounded, whatever the peers send. No I/O;
// one thread.
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
  // The bytes came at `now`.
  virtual void from_client(codecs::ByteView bytes, rules::Instant now) = 0;
  // Adds the answers that end in these bytes.
  virtual void to_client(codecs::ByteView bytes, std::vector<Answer>& answers) = 0;
  // TLS has begun inside the connection, and is terminated.
  virtual void secured() {}
  // How many requests wait for their answers.
  virtual std::size_t open() const = 0;
  // The client has said that it goes (DISCONNECT, the end of its stream).
  virtual bool leaving() const = 0;
};

// Null where requests are not told by messages of a connection.
std::unique_ptr<RequestWatch> request_watch_of(rules::Protocol protocol);

}  // namespace brownout::messages
