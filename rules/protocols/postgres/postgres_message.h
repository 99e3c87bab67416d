// PostgresMessage is a message of PostgreSQL's protocol for rules: a client's query or a step of a
// prepared statement, or an answer of the server.
//
// The payload is the SQL of a Query or Parse, and the data of a CopyData; it is empty for all other
// messages. Immutable once rules can access it; any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rules/message/message_protocol.h"
#include "rules/protocols/postgres/postgres.h"

namespace brownout::rules {

struct PostgresMessage final : MessageView {
  static const MessageProtocol& protocol();

  PostgresType type = PostgresType::kSync;
  // SQL of a Query or Parse, or of the prepared statement that a Bind, Describe or Execute refers
  // to. Null if there is none, or if it is unknown.
  std::shared_ptr<const std::string> statement = {};
  std::optional<PostgresError> error = {};  // of ErrorResponse and NoticeResponse
  // Of CommandComplete: "UPDATE 1". Of ReadyForQuery: that of the last CommandComplete before it.
  std::string tag = {};
  std::size_t payload_at = 0;  // offset of the payload in the received bytes
  // The error that the client gets in place of this message's answer. The codec then sends the
  // server a message that fails in the same place.
  std::shared_ptr<const PostgresError> refusal = {};

  std::size_t memory() const override;
  bool has_payload() const {
    return type == PostgresType::kQuery || type == PostgresType::kParse ||
           type == PostgresType::kCopyData;
  }
};

}  // namespace brownout::rules
