// Elements of an XMPP stream as messages (RFC 6120): the payload is the element as it is written.
// Read by expat. What a stream must not have (11.1: comments, processing instructions, a DTD with
// its entities) is no XMPP, and neither is what is nested deeper than kMostDepth.
//
// The stream is a client's, a server's, or a component's (XEP-0114). It begins anew, inside the
// same connection, behind SASL (6.4.6): a new <stream:stream>; behind SASL2 it goes on
// (XEP-0388, 2.6), and its <success/> says which resource is bound (XEP-0386). What is compressed
// (XEP-0138) is not read. Behind <proceed/> of STARTTLS (5.4.3.3) there is TLS: what follows is no
// XMPP, unless the owner terminates it and says so (secured()); then it begins anew, too.
#pragma once

#include <memory>
#include <string>

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/xmpp/xmpp_message.h"

struct XML_ParserStruct;

namespace brownout::messages {

class XmppCodec final : public MessageCodec {
 public:
  XmppCodec();
  ~XmppCodec() override;

  std::string_view name() const override { return "XMPP"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::XmppMessage::protocol());
  }
  MessageReader& reader(Direction direction) override;
  Bytes write(const rules::Chunk& chunk, Direction direction) override;
  std::string host() const override { return host_; }
  void secured() override;

 private:
  class Reader;

  void begin_anew();

  bool encrypted_ = false;   // the server said <proceed/>
  bool compressed_ = false;  // <compressed/>
  bool resumed_ = false;     // <resumed/>
  std::string host_;         // that the client's stream is for
  std::string jid_;          // that the server bound, on this connection or before
  std::string asked_;        // the previd that the client wants to resume
  std::string last_h_up_;    // of <a/>, in either direction
  std::string last_h_down_;
  std::unique_ptr<Reader> up_;
  std::unique_ptr<Reader> down_;
};

}  // namespace brownout::messages
