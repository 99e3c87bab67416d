#include "rules/message/message.h"

#include "rules/message/message_protocol.h"

namespace brownout::rules {

bool Message::is_control() const { return protocol != nullptr && protocol->is_control(*this); }

bool Message::ends_conversation() const {
  return protocol != nullptr && protocol->ends_conversation(*this);
}

bool Message::acknowledges() const { return protocol != nullptr && protocol->acknowledges(*this); }

std::size_t Message::memory() const {
  return sizeof *this + wire.size() + (view ? view->memory() : 0);
}

}  // namespace brownout::rules
