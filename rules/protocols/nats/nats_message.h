// A NATS message in the form that rules match. The payload of PUB, HPUB, MSG and HMSG is the
// published data without headers; all other messages have an empty payload.
#pragma once

#include <memory>
#include <string>

#include "rules/message/message_protocol.h"
#include "rules/protocols/nats/nats.h"

namespace brownout::rules {

// State of a connection that rules can match.
struct NatsConnection {
  std::string client_name = {};  // `name` in CONNECT
  std::string info = {};         // JSON of the last INFO
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

// Null if the chunk is not a NATS message.
inline const NatsLine* nats_line_of(const Chunk& chunk) {
  const auto* view = view_as<NatsMessage>(chunk.message());
  return view != nullptr ? &view->line : nullptr;
}

// Default subject prefix of synthetic users, if [[probe]] sets none.
constexpr std::string_view kUsersSubject = "brownout";

// A chunk with a message that a rule made.
Chunk nats_chunk(NatsLine line, std::string_view payload = {});
// A chunk with an -ERR message, such as 'Slow Consumer'.
Chunk nats_error(std::string text);

}  // namespace brownout::rules
