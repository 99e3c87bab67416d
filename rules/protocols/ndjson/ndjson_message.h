// NdjsonMessage is one line of an HTTP body of newline-delimited JSON, as a message for rules. The
// message payload is the line without its line end. A blank line counts as keep-alive. Immutable;
// any thread.
#pragma once

#include "rules/message/message_protocol.h"

namespace brownout::rules {

struct NdjsonMessage final : MessageView {
  static const MessageProtocol& protocol();

  bool blank = false;  // whether the line has nothing but white space

  explicit NdjsonMessage(bool is_blank) : blank(is_blank) {}
  std::size_t memory() const override { return sizeof *this; }
};

}  // namespace brownout::rules
