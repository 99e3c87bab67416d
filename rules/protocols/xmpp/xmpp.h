// XmppStanza is an XMPP element (RFC 6120) in the form that rules match. Elements are stanzas of
// clients, servers and components (XEP-0114), stream management (XEP-0198), and elements of the
// stream itself. Plain values; any thread.
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
  kStream,      // <stream:stream>, the opening tag of the stream
  kStreamEnd,   // </stream:stream>, the end of the stream
  kWhitespace,  // white space between elements, used as keep-alive (RFC 6120, 4.6.1)
  kMessage,
  kPresence,
  kIq,
  kFeatures,
  kError,  // <stream:error>, an error that ends the stream
  kStarttls,
  kProceed,
  kSasl,  // elements of SASL (<auth>, <challenge>, <success> ...: RFC 6120, 6) and SASL2 (XEP-0388)
  kAck,   // <a/> of stream management (XEP-0198); the next six are also of XEP-0198
  kRequest,  // <r/>, a request for an <a/>
  kEnable,
  kEnabled,
  kResume,
  kResumed,
  kFailed,
  kOther,
};

inline constexpr std::string_view kXmppPing = "urn:xmpp:ping";  // namespace of pings (XEP-0199)
inline constexpr std::string_view kXmppSasl2 = "urn:xmpp:sasl:2";

struct XmppStanza {
  XmppElement element = XmppElement::kOther;
  std::string name = {};   // local name of the element, for example "iq"
  std::string space = {};  // namespace of the element
  std::string type = {};
  std::string id = {};
  std::string from = {};  // sender; for a client's own stanzas, its JID once a resource is bound
  std::string to = {};
  // For <resume/> and <resumed/>: the attribute previd, the id of the stream to resume (XEP-0198,
  // 5). For <failed/>: the previd of the <resume/> that failed.
  std::string previous = {};
  std::vector<std::string> namespaces = {};  // namespaces of the child elements, in order
  std::string body = {};                     // for messages: the decoded text of <body>
  // Range of the encoded body text in the payload. Both are 0 if there is no body.
  std::size_t body_begin = 0;
  std::size_t body_end = 0;
  // For <a/>: the attribute h (XEP-0198, 4). For <r/>: the h of the last <a/> that the receiver of
  // this <r/> has sent.
  std::string acknowledged = {};
  // Stream management inside a SASL2 element: <resume/>, <resumed/> or <failed/>, with its
  // namespace and its position in the payload. kOther if there is none.
  XmppElement within = XmppElement::kOther;
  std::string within_space = {};
  std::size_t within_begin = 0;
  std::size_t within_end = 0;

  bool is_stanza() const {
    return element == XmppElement::kMessage || element == XmppElement::kPresence ||
           element == XmppElement::kIq;
  }
  bool has_namespace(std::string_view name) const;
  // Whether this element is `wanted`, or a SASL2 element that contains `wanted`.
  bool is_or_contains(XmppElement wanted) const { return element == wanted || within == wanted; }
};

// The condition of a stanza error (RFC 6120, 8.3.3), or of a stream error (4.9.3).
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

// Returns `text` with &, <, >, " and ' as entities. Characters that XML does not allow (XML 1.0,
// section 2.2) become U+FFFD.
std::string xml_escaped(std::string_view text);

// Returns the error with which a server refuses an element (RFC 6120, 8.3, 5.4.2.2 and 6.5;
// XEP-0198, 5). Returns no value for elements that cannot be refused, such as errors and answers.
std::optional<std::string> xmpp_refusal(const XmppStanza& stanza, const StanzaCondition& condition);
// Returns the answer of a server that does not recognize the stream to resume, or does not support
// stream management (XEP-0198, 5). `space` is the namespace that the client uses; it determines the
// version.
std::string xmpp_not_resumed(std::string_view space);
// Returns <stream:error> and the end of the stream. `text` is the content of <see-other-host>, or
// the <text> added to any other condition.
std::string xmpp_stream_error(const StreamCondition& condition, std::string_view text);
// Returns the answer to a ping (XEP-0199) or to <r/>; no value for other elements. The answer to
// <r/> repeats the last acknowledged count.
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
