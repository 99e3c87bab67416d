// Elements of an XMPP stream (RFC 6120) as rules see them: stanzas of clients, servers and
// components (XEP-0114), and what stream management (XEP-0198) and the stream itself say.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

enum class XmppElement : std::uint8_t {
  kStream,      // <stream:stream>, which opens it
  kStreamEnd,   // </stream:stream>
  kWhitespace,  // between elements: a keep-alive (4.6.1)
  kMessage,
  kPresence,
  kIq,
  kFeatures,
  kError,  // <stream:error>
  kStarttls,
  kProceed,
  kSasl,     // <auth>, <challenge>, <success>...: RFC 6120, 6, and SASL2 (XEP-0388)
  kAck,      // XEP-0198: <a/>, as those that follow
  kRequest,  // <r/>
  kEnable,
  kEnabled,
  kResume,
  kResumed,
  kFailed,
  kOther,
};

inline constexpr std::string_view kXmppPing = "urn:xmpp:ping";  // XEP-0199
inline constexpr std::string_view kXmppSasl2 = "urn:xmpp:sasl:2";

struct XmppStanza {
  XmppElement element = XmppElement::kOther;
  std::string name = {};   // local, as it is written: "iq"
  std::string space = {};  // its own namespace
  std::string type = {};
  std::string id = {};
  std::string from = {};  // of a client's own stanzas its JID, once it is bound
  std::string to = {};
  std::string previous = {};                 // XEP-0198: previd
  std::vector<std::string> namespaces = {};  // of its children, in their order
  std::string body = {};                     // of a message; what <body> says, decoded
  // Where that stands in the payload, as it is written; both 0: there is none.
  std::size_t body_begin = 0;
  std::size_t body_end = 0;
  std::string acknowledged = {};  // of <r/>: the last h that came from where it goes
  // Of SASL2: <resume/>, <resumed/> or <failed/> of stream management that stands in it, its
  // namespace, and where it stands in the payload. kOther: there is none.
  XmppElement within = XmppElement::kOther;
  std::string within_space = {};
  std::size_t within_begin = 0;
  std::size_t within_end = 0;

  bool is_stanza() const {
    return element == XmppElement::kMessage || element == XmppElement::kPresence ||
           element == XmppElement::kIq;
  }
  bool has_namespace(std::string_view name) const;
  // It is `wanted`, or `wanted` stands in it.
  bool says(XmppElement wanted) const { return element == wanted || within == wanted; }
};

// A defined condition of a stanza error (RFC 6120, 8.3.3), or of a stream error (4.9.3).
struct StanzaCondition {
  std::string_view name = "service-unavailable";
};
struct StreamCondition {
  std::string_view name = "system-shutdown";
};
template <>
struct ValueKind<StanzaCondition> {
  static std::string name();
  static Result<StanzaCondition> read(const Node& node);
  static std::string print(StanzaCondition value) { return in_quotes(value.name); }
};
template <>
struct ValueKind<StreamCondition> {
  static std::string name();
  static Result<StreamCondition> read(const Node& node);
  static std::string print(StreamCondition value) { return in_quotes(value.name); }
};

// With &, <, >, " and ' written as entities.
// What XML cannot have (XML 1.0, 2.2) becomes U+FFFD.
std::string xml_escaped(std::string_view text);

// What a server answers to what it does not want (8.3, RFC 6120 5.4.2.2 and 6.5, XEP-0198 5). None
// where it has no such answer: an error, or an answer.
std::optional<std::string> xmpp_refusal(const XmppStanza& stanza, const StanzaCondition& condition);
// What a server says that does not know the stream, or does not manage streams (XEP-0198, 5).
// `space` is the version that the client speaks.
std::string xmpp_not_resumed(std::string_view space);
// <stream:error> and the stream's end. `text` goes into <see-other-host>, or beside the condition.
std::string xmpp_stream_error(const StreamCondition& condition, std::string_view text);
// The answer to a ping (XEP-0199), and to <r/> no more than was acknowledged before; none to
// anything else.
std::optional<std::string> xmpp_pong(const XmppStanza& stanza);

template <>
struct EnumNames<XmppElement> {
  static constexpr std::array kValues{
      std::pair<std::string_view, XmppElement>{"stream", XmppElement::kStream},
      std::pair<std::string_view, XmppElement>{"stream_end", XmppElement::kStreamEnd},
      std::pair<std::string_view, XmppElement>{"whitespace", XmppElement::kWhitespace},
      std::pair<std::string_view, XmppElement>{"message", XmppElement::kMessage},
      std::pair<std::string_view, XmppElement>{"presence", XmppElement::kPresence},
      std::pair<std::string_view, XmppElement>{"iq", XmppElement::kIq},
      std::pair<std::string_view, XmppElement>{"features", XmppElement::kFeatures},
      std::pair<std::string_view, XmppElement>{"error", XmppElement::kError},
      std::pair<std::string_view, XmppElement>{"starttls", XmppElement::kStarttls},
      std::pair<std::string_view, XmppElement>{"proceed", XmppElement::kProceed},
      std::pair<std::string_view, XmppElement>{"sasl", XmppElement::kSasl},
      std::pair<std::string_view, XmppElement>{"a", XmppElement::kAck},
      std::pair<std::string_view, XmppElement>{"r", XmppElement::kRequest},
      std::pair<std::string_view, XmppElement>{"enable", XmppElement::kEnable},
      std::pair<std::string_view, XmppElement>{"enabled", XmppElement::kEnabled},
      std::pair<std::string_view, XmppElement>{"resume", XmppElement::kResume},
      std::pair<std::string_view, XmppElement>{"resumed", XmppElement::kResumed},
      std::pair<std::string_view, XmppElement>{"failed", XmppElement::kFailed},
      std::pair<std::string_view, XmppElement>{"other", XmppElement::kOther}};
};

}  // namespace brownout::rules
