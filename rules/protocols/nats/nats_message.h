// NatsMessage is a NATS message for rules. The message payload is the published data of PUB, HPUB,
// MSG or HMSG, without headers; it is empty for all other messages. Immutable once rules can access
// it; any thread.
#pragma once

#include <memory>
#include <string>

#include "rules/message/message_protocol.h"
#include "rules/protocols/nats/nats.h"

namespace brownout::rules {

// State of a connection that rules can match.
struct NatsConnection {
  std::string client_name = {};  // the member `name` of the client's CONNECT
  std::string info = {};         // JSON of the last INFO from the server
};

struct NatsMessage final : MessageView {
  static const MessageProtocol& protocol();

  NatsLine line = {};
  std::shared_ptr<const NatsConnection> connection = {};  // null for messages that a rule made

  NatsMessage(NatsLine is, std::shared_ptr<const NatsConnection> of)
      : line(std::move(is)), connection(std::move(of)) {}
  std::size_t memory() const override {
    return sizeof *this + line.subject.size() + line.text.size() + line.headers.size();
  }
};

// Returns the control line of a message; null if the chunk is not a NATS message.
inline const NatsLine* nats_line_of(const Chunk& chunk) {
  const auto* view = view_as<NatsMessage>(chunk.message());
  return view != nullptr ? &view->line : nullptr;
}

// Prefix of the subjects that synthetic users of a rehearsal publish to, if [[probe]] sets none.
constexpr std::string_view kUsersSubject = "brownout";

// Creates a chunk with a message that a rule sends.
Chunk nats_chunk(NatsLine line, std::string_view payload = {});
// Creates a chunk with an -ERR message, such as 'Slow Consumer'.
Chunk nats_error(std::string text);

}  // namespace brownout::rules
