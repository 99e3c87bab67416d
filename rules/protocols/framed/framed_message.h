// FramedMessage is a message of an in-house protocol, which the proxy splits from the byte stream
// as the listener's `framing` describes (framing.h). Immutable; any thread.
#pragma once

#include <string>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

struct FramedMessage final : MessageView {
  static const MessageProtocol& protocol();

  std::string kind = {};       // kind found by the framing's expression; "" if nothing matches
  bool acknowledging = false;  // whether the framing lists this kind in `acks`

  explicit FramedMessage(std::string is = {}, bool acknowledges = false)
      : kind(std::move(is)), acknowledging(acknowledges) {}
  std::size_t memory() const override { return sizeof *this + kind.size(); }
};

}  // namespace brownout::rules
