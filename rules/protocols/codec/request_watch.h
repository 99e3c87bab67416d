// RequestWatch: finds the client's requests and the server message that answers each, from the
// bytes as the client sent and received them. Messages that expect no answer, and requests of the
// server, are ignored.
//
// After a protocol violation nothing more is read. Memory is bounded, whatever the peers send. No
// I/O; one thread.
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
  // Bytes that the client sent; they arrived at `now`.
  virtual void from_client(codecs::ByteView bytes, rules::Instant now) = 0;
  // Appends the answers that end in these bytes.
  virtual void to_client(codecs::ByteView bytes, std::vector<Answer>& answers) = 0;
  // TLS has begun inside the connection and is terminated here.
  virtual void secured() {}
  // Number of requests that wait for an answer.
  virtual std::size_t open() const = 0;
  // The client has announced that it leaves (DISCONNECT, the end of its stream).
  virtual bool leaving() const = 0;
};

// Null if the requests of the protocol cannot be derived from the messages of a connection.
std::unique_ptr<RequestWatch> request_watch_of(rules::Protocol protocol);

}  // namespace brownout::messages
