// An XMPP element as a message; the payload is the element as written.
#pragma once

#include <string_view>

#include "rules/message/message_protocol.h"
#include "rules/protocols/xmpp/xmpp.h"

namespace brownout::rules {

struct XmppMessage final : MessageView {
  static const MessageProtocol& protocol();

  XmppStanza stanza;

  explicit XmppMessage(XmppStanza is) : stanza(std::move(is)) {}
  std::size_t memory() const override { return sizeof *this + stanza.body.size(); }
};

// Null if the chunk is not an XMPP element.
inline const XmppStanza* stanza_of(const Chunk& chunk) {
  const auto* view = view_as<XmppMessage>(chunk.message());
  return view != nullptr ? &view->stanza : nullptr;
}

// A chunk with an element that a rule made.
Chunk xmpp_chunk(std::string_view element, XmppElement is = XmppElement::kOther);

}  // namespace brownout::rules
