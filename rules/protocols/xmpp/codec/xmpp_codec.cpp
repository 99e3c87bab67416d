#include "rules/protocols/xmpp/codec/xmpp_codec.h"

#include <expat.h>

#include <algorithm>
#include <array>
#include <utility>

namespace brownout::messages {
namespace {

using rules::XmppElement;
using rules::XmppStanza;

constexpr std::size_t kMostDepth = 128;
// Upper bound for one tag, in bytes. expat buffers an incomplete tag and rescans it from its
// beginning whenever more bytes arrive.
constexpr std::size_t kMostTag = 64 * 1024;
constexpr std::size_t kMostText = 1 << 20;  // maximum size of a body in bytes
constexpr std::size_t kMostNamespaces = 64;
constexpr std::size_t kMostAtOnce = 64 * 1024;

constexpr std::string_view kStreams = "http://etherx.jabber.org/streams";
constexpr std::string_view kSasl = "urn:ietf:params:xml:ns:xmpp-sasl";
constexpr std::string_view kCompression = "http://jabber.org/protocol/compress";
// Namespaces in which <message>, <presence> and <iq> are stanzas. "jabber:component:connect" is
// used by components that the server connects to.
constexpr std::array<std::string_view, 4> kContent{
    "jabber:client", "jabber:server", "jabber:component:accept", "jabber:component:connect"};
constexpr std::string_view kBind = "urn:ietf:params:xml:ns:xmpp-bind";

bool is_blank(std::byte byte) {
  return byte == std::byte{' '} || byte == std::byte{'\n'} || byte == std::byte{'\r'} ||
         byte == std::byte{'\t'};
}

// Splits "namespace\nlocal", the form in which expat gives a name.
std::pair<std::string_view, std::string_view> split_name(std::string_view name) {
  const auto at = name.find('\n');
  if (at == std::string_view::npos) return {"", name};
  return {name.substr(0, at), name.substr(at + 1)};
}

XmppElement element_of(std::string_view space, std::string_view name) {
  if (std::find(kContent.begin(), kContent.end(), space) != kContent.end()) {
    if (name == "message") return XmppElement::kMessage;
    if (name == "presence") return XmppElement::kPresence;
    if (name == "iq") return XmppElement::kIq;
  }
  if (space == kStreams && name == "features") return XmppElement::kFeatures;
  if (space == kStreams && name == "error") return XmppElement::kError;
  if (space == kSasl || space == rules::kXmppSasl2) return XmppElement::kSasl;
  if (space == "urn:ietf:params:xml:ns:xmpp-tls") {
    if (name == "starttls") return XmppElement::kStarttls;
    if (name == "proceed") return XmppElement::kProceed;
  }
  if (space.starts_with("urn:xmpp:sm:")) {
    if (name == "a") return XmppElement::kAck;
    if (name == "r") return XmppElement::kRequest;
    if (name == "enable") return XmppElement::kEnable;
    if (name == "enabled") return XmppElement::kEnabled;
    if (name == "resume") return XmppElement::kResume;
    if (name == "resumed") return XmppElement::kResumed;
    if (name == "failed") return XmppElement::kFailed;
  }
  return XmppElement::kOther;
}

}  // namespace

class XmppCodec::Reader final : public MessageReader {
  friend class XmppCodec;

 public:
  Reader(XmppCodec& codec, Direction direction) : codec_(codec), direction_(direction) { renew(); }

  Step next(ByteView bytes, bool keep) override;
  std::size_t held() const override { return keep_ ? wire_.size() : 0; }
  bool passing() const override { return begun_ && !keep_; }
  Bytes rest() override {
    begun_ = false;
    return std::exchange(wire_, {});
  }

 private:
  void renew();
  void start(std::string_view name, const XML_Char** attributes);
  void start_within(std::string_view space, std::string_view name, const XML_Char** attributes);
  void end();
  void text(std::string_view some);
  void begin_jid() {
    in_jid_ = true;
    jid_.clear();
  }
  void stop(std::string_view why) {
    if (why_.empty()) why_ = why;
    XML_StopParser(parser_.get(), XML_FALSE);
  }
  // here() and behind() return where expat's current token begins and ends within the element.
  std::size_t here() const {
    return static_cast<std::size_t>(XML_GetCurrentByteIndex(parser_.get())) - origin_;
  }
  std::size_t behind() const {
    return here() + static_cast<std::size_t>(XML_GetCurrentByteCount(parser_.get()));
  }
  void ended(XmppElement element, std::size_t size) {
    stanza_.element = element;
    size_ = size;
    complete_ = true;
    // Pause the parser at the end of this element, so that next() can decide whether to buffer the
    // next element. The bytes after this element are passed to next() again; `ahead_` counts those
    // that expat has already read.
    XML_StopParser(parser_.get(), XML_TRUE);
  }
  Step unparsed(ByteView bytes, XmppElement element);
  std::string_view parse(ByteView bytes);
  ReadMessage message();
  void remember();

  XmppCodec& codec_;
  const Direction direction_;
  struct FreeParser {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };
  std::unique_ptr<XML_ParserStruct, FreeParser> parser_;
  std::size_t fed_ = 0;     // number of bytes passed to this parser
  std::size_t origin_ = 0;  // offset of the element in the bytes passed to the parser
  std::size_t ahead_ = 0;   // number of bytes passed to the parser but not yet taken by a step
  std::size_t done_ = 0;    // number of bytes of the element taken so far
  std::size_t depth_ = 0;
  bool suspended_ = false;  // whether the parser is paused at the end of an element
  bool over_ = false;       // whether the stream has ended
  Bytes wire_;
  bool keep_ = false;
  bool begun_ = false;
  bool complete_ = false;
  std::size_t size_ = 0;
  std::string_view why_;
  XmppStanza stanza_;
  bool in_body_ = false;
  bool in_jid_ = false;
  std::string jid_;
};

void XmppCodec::Reader::renew() {
  parser_.reset(XML_ParserCreateNS("UTF-8", '\n'));
#if XML_MAJOR_VERSION > 2 || XML_MINOR_VERSION >= 6
  // Reparse deferral would leave the end of an element unread until more bytes arrive.
  XML_SetReparseDeferralEnabled(parser_.get(), XML_FALSE);
#endif
  fed_ = origin_ = ahead_ = depth_ = 0;
  suspended_ = false;
  const auto parser = parser_.get();
  XML_SetUserData(parser, this);
  XML_SetElementHandler(
      parser,
      [](void* self, const XML_Char* name, const XML_Char** attributes) {
        static_cast<Reader*>(self)->start(name, attributes);
      },
      [](void* self, const XML_Char*) { static_cast<Reader*>(self)->end(); });
  XML_SetCharacterDataHandler(parser, [](void* self, const XML_Char* some, int size) {
    static_cast<Reader*>(self)->text({some, static_cast<std::size_t>(size)});
  });
  XML_SetStartDoctypeDeclHandler(
      parser, [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
        static_cast<Reader*>(self)->stop("a DTD");
      });
  XML_SetCommentHandler(
      parser, [](void* self, const XML_Char*) { static_cast<Reader*>(self)->stop("a comment"); });
  XML_SetProcessingInstructionHandler(parser, [](void* self, const XML_Char*, const XML_Char*) {
    static_cast<Reader*>(self)->stop("a processing instruction");
  });
}

void XmppCodec::Reader::start(std::string_view name, const XML_Char** attributes) {
  const auto [space, local] = split_name(name);
  if (++depth_ > kMostDepth) return stop("elements nested deeper than 128");
  if (depth_ == 1) {
    if (space != kStreams || local != "stream") return stop("the first element is not a stream");
    for (; *attributes != nullptr && direction_ == Direction::kUpstream; attributes += 2) {
      if (std::string_view(attributes[0]) == "to") codec_.host_ = attributes[1];
    }
    return ended(XmppElement::kStream, behind());
  }
  if (depth_ == 2) {
    stanza_ = {};
    stanza_.element = element_of(space, local);
    stanza_.name = local;
    stanza_.space = space;
    for (; *attributes != nullptr; attributes += 2) {
      const std::string_view key(attributes[0]);
      const std::string_view value(attributes[1]);
      if (key == "type") stanza_.type = value;
      if (key == "id") stanza_.id = value;
      if (key == "from") stanza_.from = value;
      if (key == "to") stanza_.to = value;
      if (key == "previd") stanza_.previous = value;
      if (key == "h" && stanza_.element == XmppElement::kAck) stanza_.acknowledged = value;
    }
    return;
  }
  if (depth_ == 3) {
    if (stanza_.namespaces.size() < kMostNamespaces) stanza_.namespaces.emplace_back(space);
    const bool own = space == stanza_.space;
    const bool body = own && local == "body" && stanza_.body_end == 0;
    if (stanza_.element == XmppElement::kMessage && body) {
      in_body_ = true;
      stanza_.body_begin = behind();
    }
    if (own && space == rules::kXmppSasl2 && local == "authorization-identifier") begin_jid();
    if (stanza_.space == rules::kXmppSasl2) start_within(space, local, attributes);
  }
  if (depth_ == 4 && local == "jid" && space == kBind && stanza_.type == "result") begin_jid();
}

// Stores a stream resumption that is inside a SASL2 element (XEP-0198, 9).
void XmppCodec::Reader::start_within(std::string_view space, std::string_view name,
                                     const XML_Char** attributes) {
  const auto element = element_of(space, name);
  const bool resumes = element == XmppElement::kResume || element == XmppElement::kResumed ||
                       element == XmppElement::kFailed;
  if (!resumes || stanza_.within != XmppElement::kOther) return;
  stanza_.within = element;
  stanza_.within_space = space;
  stanza_.within_begin = here();
  for (; *attributes != nullptr; attributes += 2) {
    if (std::string_view(attributes[0]) == "previd") stanza_.previous = attributes[1];
  }
}

void XmppCodec::Reader::end() {
  --depth_;
  in_jid_ = false;
  if (depth_ == 2 && in_body_) {
    in_body_ = false;
    // The empty-element tag <body/> has no text to replace.
    if (here() > stanza_.body_begin || XML_GetCurrentByteCount(parser_.get()) > 0) {
      stanza_.body_end = here();
    }
  }
  if (depth_ == 2 && stanza_.within_begin > 0 && stanza_.within_end == 0) {
    stanza_.within_end = behind();
  }
  if (depth_ == 1) ended(stanza_.element, behind());
  if (depth_ == 0) ended(XmppElement::kStreamEnd, behind());
}

void XmppCodec::Reader::text(std::string_view some) {
  if (in_body_ && stanza_.body.size() + some.size() <= kMostText) stanza_.body += some;
  if (in_jid_ && jid_.size() + some.size() <= 4096) jid_ += some;
}

// Updates the connection's state that later elements depend on.
void XmppCodec::Reader::remember() {
  const bool up = direction_ == Direction::kUpstream;
  if (stanza_.element == XmppElement::kAck) {
    (up ? codec_.last_h_up_ : codec_.last_h_down_) = stanza_.acknowledged;
  }
  if (up && stanza_.is_or_contains(XmppElement::kResume)) codec_.asked_ = stanza_.previous;
  if (up && stanza_.element == XmppElement::kEnable) codec_.asked_.clear();
  if (up) return;
  if (stanza_.element == XmppElement::kIq && !jid_.empty()) codec_.jid_ = jid_;
  // A resumed stream was bound on an earlier connection. The full JID is in the `to` of the
  // server's stanzas.
  codec_.resumed_ |= stanza_.is_or_contains(XmppElement::kResumed);
  const bool shows_jid = codec_.resumed_ && stanza_.is_stanza() && codec_.jid_.empty();
  if (shows_jid && stanza_.to.find('/') != std::string::npos) codec_.jid_ = stanza_.to;
  if (stanza_.element == XmppElement::kProceed) codec_.encrypted_ = true;
  if (stanza_.space == kCompression && stanza_.name == "compressed") codec_.compressed_ = true;
  if (stanza_.element != XmppElement::kSasl || stanza_.name != "success") return;
  // After SASL, both streams restart (RFC 6120, 6.4.6).
  if (stanza_.space == kSasl) return codec_.begin_anew();
  // A bare JID means that no resource is bound yet.
  if (jid_.find('/') != std::string::npos) codec_.jid_ = jid_;
}

ReadMessage XmppCodec::Reader::message() {
  auto stanza = std::exchange(stanza_, {});
  const bool up = direction_ == Direction::kUpstream;
  if (stanza.is_stanza() && up && stanza.from.empty()) stanza.from = codec_.jid_;
  if (stanza.is_stanza() && !up && stanza.to.empty()) stanza.to = codec_.jid_;
  if (stanza.is_or_contains(XmppElement::kFailed) && !up) stanza.previous = codec_.asked_;
  if (stanza.element == XmppElement::kRequest) {
    stanza.acknowledged = up ? codec_.last_h_down_ : codec_.last_h_up_;
  }
  ReadMessage read;
  read.payload = wire_;
  read.message = std::make_shared<rules::Message>(
      rules::Message{.protocol = &rules::XmppMessage::protocol(),
                     .view = std::make_shared<const rules::XmppMessage>(std::move(stanza)),
                     .wire = std::exchange(wire_, {})});
  return read;
}

// Passes bytes that the parser must not see: white space between elements (keep-alives, RFC 6120,
// 4.6.1) or before the stream begins, and all bytes after the stream ends.
MessageReader::Step XmppCodec::Reader::unparsed(ByteView bytes, XmppElement element) {
  begun_ = false;
  ahead_ -= std::min(ahead_, bytes.size());
  Step step{.taken = bytes.size(), .kept = keep_};
  stanza_.element = element;
  if (!keep_) return step;
  wire_.assign(bytes.begin(), bytes.end());
  step.ended = message();
  return step;
}

// Parses bytes. Returns why they violate XMPP, or "" while they are valid.
std::string_view XmppCodec::Reader::parse(ByteView bytes) {
  if (!why_.empty()) return why_;
  complete_ = false;
  auto status = XML_STATUS_OK;
  if (suspended_) {
    suspended_ = false;
    status = XML_ResumeParser(parser_.get());
  }
  if (status == XML_STATUS_OK && !complete_ && bytes.size() > ahead_) {
    const auto news = bytes.subspan(ahead_);
    status = XML_Parse(parser_.get(), reinterpret_cast<const char*>(news.data()),
                       static_cast<int>(news.size()), XML_FALSE);
    fed_ += news.size();
    ahead_ = bytes.size();
  }
  if (!why_.empty()) return why_;
  if (complete_) {
    suspended_ = status == XML_STATUS_SUSPENDED;
    return {};
  }
  if (status != XML_STATUS_OK) return "XML that is not well-formed";
  const auto token = static_cast<std::size_t>(XML_GetCurrentByteIndex(parser_.get()));
  if (fed_ > token && fed_ - token > kMostTag + bytes.size()) return "a tag of more than 64 KiB";
  return {};
}

MessageReader::Step XmppCodec::Reader::next(ByteView bytes, bool keep) {
  bytes = bytes.first(std::min(bytes.size(), kMostAtOnce));
  if (!begun_) {
    if (codec_.encrypted_) return {.broken = "TLS begins and is not terminated here"};
    if (codec_.compressed_) return {.broken = "the stream is compressed"};
    keep_ = keep;
    wire_.clear();
    stanza_ = {};
    done_ = 0;
    in_body_ = in_jid_ = false;
    jid_.clear();
    begun_ = true;
    // The peer may still send bytes after the end of its stream; they pass unparsed.
    if (over_) return unparsed(bytes, XmppElement::kOther);
    // Each whitespace byte is one keep-alive, however many arrive together.
    if (is_blank(bytes.front())) return unparsed(bytes.first(1), XmppElement::kWhitespace);
    origin_ = fed_ - ahead_;
  }
  if (const auto why = parse(bytes); !why.empty()) return {.broken = why};
  Step step{.taken = complete_ ? size_ - done_ : bytes.size(), .kept = keep_};
  if (keep_ && done_ + step.taken > kMostMessage)
    return {.broken = "an element of more than 16 MiB"};
  ahead_ -= step.taken;
  done_ += step.taken;
  if (keep_) {
    const auto part = bytes.first(step.taken);
    wire_.insert(wire_.end(), part.begin(), part.end());
  }
  if (!complete_) return step;
  begun_ = false;
  over_ = stanza_.element == XmppElement::kStreamEnd;
  remember();
  step.secures = codec_.encrypted_;
  if (keep_) step.ended = message();
  return step;
}

void XmppCodec::begin_anew() {
  // A client in the middle of an element does not expect the restart: the new parser cannot read
  // the rest of that element.
  if (up_->begun_) up_->why_ = "a stream restart inside an element";
  up_->renew();
  down_->renew();
}

void XmppCodec::secured() {
  encrypted_ = false;
  begin_anew();
}

XmppCodec::XmppCodec()
    : up_(std::make_unique<Reader>(*this, Direction::kUpstream)),
      down_(std::make_unique<Reader>(*this, Direction::kDownstream)) {}
XmppCodec::~XmppCodec() = default;

MessageReader& XmppCodec::reader(Direction direction) {
  return direction == Direction::kUpstream ? *up_ : *down_;
}

Bytes XmppCodec::write(const rules::Chunk& chunk, Direction) {
  const auto& message = *chunk.message();
  if (!chunk.touched() && !message.wire.empty()) return message.wire;
  return {chunk.bytes().begin(), chunk.bytes().end()};
}

}  // namespace brownout::messages
