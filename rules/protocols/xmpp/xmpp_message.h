// XmppMessage is an XMPP element as a message for rules. Its payload is the element's text as
// received. Immutable once rules can access it; any thread.
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

// Returns the element, or null if the chunk is not an XMPP element.
inline const XmppStanza* stanza_of(const Chunk& chunk) {
  const auto* view = view_as<XmppMessage>(chunk.message());
  return view != nullptr ? &view->stanza : nullptr;
}

// Creates a chunk with an element that a rule sends.
Chunk xmpp_chunk(std::string_view element, XmppElement is = XmppElement::kOther);

}  // namespace brownout::rules
