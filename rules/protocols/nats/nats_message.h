// A message of NATS as rules see it. Of PUB, HPUB, MSG and HMSG the payload is theirs, without
// headers; that of others is empty.
#pragma once

#include <memory>
#include <string>

#include "rules/message/message_protocol.h"
#include "rules/protocols/nats/nats.h"

namespace brownout::rules {

// What is known of a connection.
struct NatsConnection {
  std::string client_name = {};  // of CONNECT
  std::string info = {};         // the JSON of the last INFO
};

struct NatsMessage final : MessageView {
  static const MessageProtocol& protocol();

  NatsLine line = {};
  std::shared_ptr<const NatsConnection> connection = {};  // null: a rule made it

  NatsMessage(NatsLine is, std::shared_ptr<const NatsConnection> of)
      : line(std::move(is)), connection(std::move(of)) {}
  std::size_t memory() const override {
    return sizeof *this + line.subject.size() + line.text.size() + line.headers.size();
  }
};

// Null where it is no message of NATS.
inline const NatsLine* nats_line_of(const Chunk& chunk) {
  const auto* view = view_as<NatsMessage>(chunk.message());
  return view != nullptr ? &view->line : nullptr;
}

// Of users of rehearsals, where [[probe]] does not say.
constexpr std::string_view kUsersSubject = "brownout";

// A message that a rule made.
Chunk nats_chunk(NatsLine line, std::string_view payload = {});
// -ERR, as a server says it: 'Slow Consumer'.
Chunk nats_error(std::string text);

}  // namespace brownout::rules
