// XMPP elements (RFC 6120) in the form that rules match: stanzas of clients, servers and components
// (XEP-0114), stream management (XEP-0198), and the elements of the stream itself.
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
  kStream,      // <stream:stream>, the opening tag
  kStreamEnd,   // </stream:stream>
  kWhitespace,  // between elements: a keep-alive (RFC 6120, 4.6.1)
  kMessage,
  kPresence,
  kIq,
  kFeatures,
  kError,  // <stream:error>
  kStarttls,
  kProceed,
  kSasl,     // <auth>, <challenge>, <success>...: RFC 6120, 6, and SASL2 (XEP-0388)
  kAck,      // XEP-0198: <a/>; so are the next six
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
  std::string name = {};   // local name: "iq"
  std::string space = {};  // namespace of the element itself
  std::string type = {};
  std::string id = {};
  std::string from = {};  // for a client's own stanzas, its JID once bound
  std::string to = {};
  std::string previous = {};                 // for <resume/> and <resumed/>: the previd (XEP-0198)
  std::vector<std::string> namespaces = {};  // namespaces of the children, in order
  std::string body = {};                     // decoded text of <body>, for messages
  // Position of the encoded body in the payload; both 0 if there is no body.
  std::size_t body_begin = 0;
  std::size_t body_end = 0;
  // For <r/>: the `h` of the last <a/> that the receiver of this <r/> has sent.
  std::string acknowledged = {};
  // Stream management inside a SASL2 element: <resume/>, <resumed/> or <failed/>, its namespace,
  // and its position in the payload. kOther if there is none.
  XmppElement within = XmppElement::kOther;
  std::string within_space = {};
  std::size_t within_begin = 0;
  std::size_t within_end = 0;

  bool is_stanza() const {
    return element == XmppElement::kMessage || element == XmppElement::kPresence ||
           element == XmppElement::kIq;
  }
  bool has_namespace(std::string_view name) const;
  // Whether the element is `wanted`, or contains `wanted` (SASL2).
  bool is_or_contains(XmppElement wanted) const { return element == wanted || within == wanted; }
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

// `text` with &, <, >, " and ' as entities. Characters that XML does not allow (XML 1.0, 2.2)
// become U+FFFD.
std::string xml_escaped(std::string_view text);

// The error with which a server refuses an element (RFC 6120, 8.3, 5.4.2.2 and 6.5; XEP-0198, 5).
// None for elements that cannot be refused, such as errors and answers.
std::optional<std::string> xmpp_refusal(const XmppStanza& stanza, const StanzaCondition& condition);
// The answer of a server that does not recognize the stream, or does not manage streams (XEP-0198,
// 5). `space` is the namespace, and so the version, that the client uses.
std::string xmpp_not_resumed(std::string_view space);
// <stream:error> and the end of the stream. `text` is the content of <see-other-host>, or the
// <text> beside any other condition.
std::string xmpp_stream_error(const StreamCondition& condition, std::string_view text);
// The answer to a ping (XEP-0199) or to <r/>; none for other elements. The answer to <r/> repeats
// the last acknowledged count.
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
