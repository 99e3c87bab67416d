#include "rules/protocols/xmpp/xmpp.h"

#include <algorithm>
#include <span>

#include "rules/base/find_named.h"
#include "rules/base/utf8.h"

namespace brownout::rules {
namespace {

struct Condition {
  std::string_view name;
  // How the receiver should react, for example "cancel" or "wait" (RFC 6120, 8.3.2).
  std::string_view type;
};

// Conditions of stanza errors, each with the type that RFC 6120, 8.3.3 associates with it.
constexpr std::array<Condition, 22> kStanzaConditions{{{"bad-request", "modify"},
                                                       {"conflict", "cancel"},
                                                       {"feature-not-implemented", "cancel"},
                                                       {"forbidden", "auth"},
                                                       {"gone", "cancel"},
                                                       {"internal-server-error", "cancel"},
                                                       {"item-not-found", "cancel"},
                                                       {"jid-malformed", "modify"},
                                                       {"not-acceptable", "modify"},
                                                       {"not-allowed", "cancel"},
                                                       {"not-authorized", "auth"},
                                                       {"policy-violation", "modify"},
                                                       {"recipient-unavailable", "wait"},
                                                       {"redirect", "modify"},
                                                       {"registration-required", "auth"},
                                                       {"remote-server-not-found", "cancel"},
                                                       {"remote-server-timeout", "wait"},
                                                       {"resource-constraint", "wait"},
                                                       {"service-unavailable", "cancel"},
                                                       {"subscription-required", "auth"},
                                                       {"undefined-condition", "cancel"},
                                                       {"unexpected-request", "wait"}}};

// Conditions of stream errors (RFC 6120, 4.9.3).
constexpr std::array<std::string_view, 25> kStreamConditions{"bad-format",
                                                             "bad-namespace-prefix",
                                                             "conflict",
                                                             "connection-timeout",
                                                             "host-gone",
                                                             "host-unknown",
                                                             "improper-addressing",
                                                             "internal-server-error",
                                                             "invalid-from",
                                                             "invalid-namespace",
                                                             "invalid-xml",
                                                             "not-authorized",
                                                             "not-well-formed",
                                                             "policy-violation",
                                                             "remote-connection-failed",
                                                             "reset",
                                                             "resource-constraint",
                                                             "restricted-xml",
                                                             "see-other-host",
                                                             "system-shutdown",
                                                             "undefined-condition",
                                                             "unsupported-encoding",
                                                             "unsupported-feature",
                                                             "unsupported-stanza-type",
                                                             "unsupported-version"};

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD in UTF-8

// Whether XML allows the character (XML 1.0, section 2.2).
bool is_xml(std::string_view character) {
  if (utf8_size(character) == 0) return false;
  const auto first = static_cast<unsigned char>(character[0]);
  if (first < 0x20) return character == "\t" || character == "\n" || character == "\r";
  return character != "\xef\xbf\xbe" && character != "\xef\xbf\xbf";
}

std::string attribute(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return " " + std::string(name) + "='" + xml_escaped(value) + "'";
}

std::string stanza_error(const XmppStanza& stanza, const StanzaCondition& condition) {
  const auto* found = find_named(kStanzaConditions, condition.name);
  return "<" + stanza.name + " type='error'" + attribute("id", stanza.id) +
         attribute("from", stanza.to) + attribute("to", stanza.from) + "><error type='" +
         std::string(found->type) + "'><" + std::string(condition.name) +
         " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></" + stanza.name + ">";
}

// Returns the <failure/> with which a server refuses SASL authentication. Returns no value for
// <abort/>, and for elements that the server sends.
std::optional<std::string> sasl_failure(const XmppStanza& stanza) {
  constexpr std::string_view kSasl = "urn:ietf:params:xml:ns:xmpp-sasl";
  constexpr std::array<std::string_view, 4> kAsks{"auth", "response", "authenticate", "next"};
  if (std::find(kAsks.begin(), kAsks.end(), stanza.name) == kAsks.end()) return std::nullopt;
  const bool second = stanza.space == kXmppSasl2;
  return "<failure" + attribute("xmlns", second ? kXmppSasl2 : kSasl) + "><temporary-auth-failure" +
         (second ? attribute("xmlns", kSasl) : "") + "/></failure>";
}

}  // namespace

bool XmppStanza::has_namespace(std::string_view wanted) const {
  return std::find(namespaces.begin(), namespaces.end(), wanted) != namespaces.end();
}

std::string ValueKind<StanzaCondition>::name() { return "condition of a stanza error"; }

Result<StanzaCondition> ValueKind<StanzaCondition>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a condition");
  if (const auto* known = find_named(kStanzaConditions, *text)) return StanzaCondition{known->name};
  return config_error(
      in_quotes(*text) + " is not a condition of stanza errors",
      "e.g. \"service-unavailable\" or \"resource-constraint\"; see RFC 6120, 8.3.3");
}

std::string ValueKind<StreamCondition>::name() { return "condition of a stream error"; }

Result<StreamCondition> ValueKind<StreamCondition>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a condition");
  for (const auto known : kStreamConditions) {
    if (known == *text) return StreamCondition{known};
  }
  return config_error(in_quotes(*text) + " is not a condition of stream errors",
                      "e.g. \"system-shutdown\" or \"see-other-host\"; see RFC 6120, 4.9.3");
}

std::string xml_escaped(std::string_view text) {
  std::string escaped;
  while (!text.empty()) {
    const auto character = text.substr(0, std::max<std::size_t>(utf8_size(text), 1));
    text.remove_prefix(character.size());
    if (character == "&") {
      escaped += "&amp;";
    } else if (character == "<") {
      escaped += "&lt;";
    } else if (character == ">") {
      escaped += "&gt;";
    } else if (character == "\"") {
      escaped += "&quot;";
    } else if (character == "'") {
      escaped += "&apos;";
    } else {
      escaped += is_xml(character) ? character : kReplacement;
    }
  }
  return escaped;
}

std::optional<std::string> xmpp_refusal(const XmppStanza& stanza,
                                        const StanzaCondition& condition) {
  switch (stanza.element) {
    case XmppElement::kMessage:
    case XmppElement::kPresence:
      if (stanza.type == "error") return std::nullopt;
      return stanza_error(stanza, condition);
    case XmppElement::kIq:
      if (stanza.type != "get" && stanza.type != "set") return std::nullopt;
      return stanza_error(stanza, condition);
    case XmppElement::kStarttls:
      return "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    case XmppElement::kSasl:
      return sasl_failure(stanza);
    case XmppElement::kEnable:
    case XmppElement::kResume:
      return xmpp_not_resumed(stanza.space);
    default:
      return std::nullopt;
  }
}

std::string xmpp_not_resumed(std::string_view space) {
  return "<failed" + attribute("xmlns", space) +
         "><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>";
}

std::string xmpp_stream_error(const StreamCondition& condition, std::string_view text) {
  constexpr std::string_view kNamespace = " xmlns='urn:ietf:params:xml:ns:xmpp-streams'";
  const std::string name(condition.name);
  const bool elsewhere = condition.name == "see-other-host";
  std::string error = "<stream:error><" + name + std::string(kNamespace);
  error += elsewhere ? ">" + xml_escaped(text) + "</" + name + ">" : "/>";
  if (!elsewhere && !text.empty()) {
    error += "<text" + std::string(kNamespace) + ">" + xml_escaped(text) + "</text>";
  }
  return error + "</stream:error></stream:stream>";
}

std::optional<std::string> xmpp_pong(const XmppStanza& stanza) {
  if (stanza.element == XmppElement::kRequest) {
    if (stanza.acknowledged.empty()) return std::nullopt;
    return "<a" + attribute("xmlns", stanza.space) + attribute("h", stanza.acknowledged) + "/>";
  }
  if (stanza.element != XmppElement::kIq || stanza.type != "get") return std::nullopt;
  if (!stanza.has_namespace(kXmppPing)) return std::nullopt;
  return "<iq type='result'" + attribute("id", stanza.id) + attribute("from", stanza.to) +
         attribute("to", stanza.from) + "/>";
}

}  // namespace brownout::rules
