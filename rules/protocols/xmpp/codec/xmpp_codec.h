// Reads an XMPP stream (RFC 6120) as messages, one per element; the payload is the element's text.
//
// expat does the parsing. Content that a stream must not have (11.1: comments, processing
// instructions, a DTD with its entities) is a protocol violation. So is nesting deeper than
// kMostDepth.
//
// The stream is a client's, a server's, or a component's (XEP-0114). After SASL it restarts inside
// the same connection with a new <stream:stream> (6.4.6). After SASL2 it continues (XEP-0388, 2.6),
// and <success/> names the bound resource (XEP-0386). Compressed streams (XEP-0138) are not parsed.
//
// TLS follows <proceed/> of STARTTLS (5.4.3.3) and is not parsed, unless the owner terminates TLS
// and calls secured(). The stream then restarts, too.
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

  bool encrypted_ = false;   // the server has sent <proceed/>
  bool compressed_ = false;  // the server has sent <compressed/>
  bool resumed_ = false;     // the server has sent <resumed/>
  std::string host_;         // `to` of the client's stream
  std::string jid_;          // full JID that the server has bound, here or before a resumption
  std::string asked_;        // previd of the stream that the client asks to resume
  std::string last_h_up_;    // h of the last <a/> in each direction
  std::string last_h_down_;
  std::unique_ptr<Reader> up_;
  std::unique_ptr<Reader> down_;
};

}  // namespace brownout::messages
