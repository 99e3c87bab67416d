// A message of an in-house protocol, as a framing tells it apart (framing.h).
#pragma once

#include <string>

#include "rules/message/message_protocol.h"

namespace brownout::rules {

struct FramedMessage final : MessageView {
  static const MessageProtocol& protocol();

  std::string kind = {};       // "" where there is none
  bool acknowledging = false;  // by its kind

  explicit FramedMessage(std::string is = {}, bool acknowledges = false)
      : kind(std::move(is)), acknowledging(acknowledges) {}
  std::size_t memory() const override { return sizeof *this + kind.size(); }
};

}  // namespace brownout::rules
