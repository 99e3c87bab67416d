// XmppCodec splits an XMPP stream (RFC 6120) into messages, one for each top-level XML element, and
// writes them. The payload of a message is the text of its element.
//
// expat does the parsing. Content that a stream must not have (11.1: comments, processing
// instructions, a DTD with its entities) is a protocol violation. So is nesting deeper than
// kMostDepth.
//
// The stream is that of a client, a server, or a component (XEP-0114). After SASL it restarts
// inside the same connection with a new <stream:stream> (6.4.6). After SASL2 it continues
// (XEP-0388, 2.6), and <success/> names the bound resource (XEP-0386). Compressed streams
// (XEP-0138) are not parsed.
//
// After <proceed/> of STARTTLS (5.4.3.3), the stream is encrypted and not parsed, unless the owner
// terminates TLS and calls secured(). The stream then restarts, too. The codec reads both
// directions of one connection. The owner is its MessageTunnel or RequestWatch. No I/O; one thread.
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

  bool encrypted_ = false;   // whether the server has sent <proceed/>
  bool compressed_ = false;  // whether the server has sent <compressed/>
  bool resumed_ = false;     // whether the server has sent <resumed/>
  std::string host_;         // attribute `to` of the client's stream
  // Full JID that the server has bound, on this connection or before a resumption.
  std::string jid_;
  // Attribute previd of the client's <resume/>: the id of the stream to resume (XEP-0198, 5).
  std::string asked_;
  // Attribute h of the last <a/> from the client and from the server: the number of stanzas that
  // the sender of the <a/> has handled (XEP-0198, 4).
  std::string last_h_up_;
  std::string last_h_down_;
  std::unique_ptr<Reader> up_;
  std::unique_ptr<Reader> down_;
};

}  // namespace brownout::messages
