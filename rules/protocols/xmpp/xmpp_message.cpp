#include "rules/protocols/xmpp/xmpp_message.h"

#include <algorithm>

#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

using Patterns = std::vector<TextPattern>;

MessageKey pattern_key(const std::string& name, const std::string& meaning,
                       bool (*matches)(const XmppMessage&, const Patterns&)) {
  return message_key<XmppMessage, Patterns>(name, meaning, matches);
}

// Whether the text is a bare JID, without a resource (RFC 7622).
bool is_bare(std::string_view account) {
  const auto at = account.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < account.size() &&
         account.find('/') == std::string_view::npos;
}

std::shared_ptr<const ProtocolOption> read_accounts(const Node& node, Diagnostics& problems) {
  using Accounts = std::vector<std::string>;
  const auto before = problems.size();
  auto accounts = detail::read_value<Accounts>("accounts", node, {}, problems);
  if (!accounts) return nullptr;
  if (accounts->empty()) {
    problems.add(node.where, "accounts is an empty list", "e.g. [\"anna@example.org\"]");
  }
  for (const auto& account : *accounts) {
    if (is_bare(account)) continue;
    problems.add(node.where, in_quotes(account) + " is not a bare JID",
                 "write the JID without a resource, e.g. \"anna@example.org\": each user binds a "
                 "resource of its own");
  }
  if (problems.size() > before) return nullptr;
  return std::make_shared<const OptionValue<Accounts>>(std::move(*accounts));
}

class XmppProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "xmpp"; }
  std::string_view title() const override { return "XMPP"; }

  bool has_starttls() const override { return true; }
  bool has_requests() const override { return true; }

  std::vector<MessageKey> keys() const override {
    return {message_key<XmppMessage, std::vector<XmppElement>>(
                "stanza",
                "only these elements: stanzas, stream management (XEP-0198), and elements of the "
                "stream itself",
                [](const auto& message, const auto& wanted) {
                  return std::find(wanted.begin(), wanted.end(), message.stanza.element) !=
                         wanted.end();
                }),
            pattern_key("type", "only stanzas of these types; patterns as for path",
                        [](const auto& message, const auto& wanted) {
                          return any_matches(wanted, message.stanza.type);
                        }),
            pattern_key("from",
                        "only stanzas from these JIDs; patterns as for path; the sender of a "
                        "client's own stanzas is the JID that the client bound",
                        [](const auto& message, const auto& wanted) {
                          return any_matches(wanted, message.stanza.from);
                        }),
            pattern_key("to", "only stanzas to these JIDs; patterns as for path",
                        [](const auto& message, const auto& wanted) {
                          return any_matches(wanted, message.stanza.to);
                        }),
            pattern_key("namespace",
                        "only elements with a child in one of these namespaces: \"urn:xmpp:ping\"",
                        [](const auto& message, const auto& wanted) {
                          const auto& names = message.stanza.namespaces;
                          return std::any_of(names.begin(), names.end(), [&](const auto& name) {
                            return any_matches(wanted, name);
                          });
                        })};
  }
  void describe(const Message& message, const Tell& tell) const override {
    const auto& stanza = stanza_of_message(message);
    tell("stanza", name_of(stanza.element));
    const auto given = [&](std::string_view name, const std::string& value) {
      if (!value.empty()) tell(name, value);
    };
    given("type", stanza.type);
    given("from", stanza.from);
    given("to", stanza.to);
    if (!stanza.namespaces.empty()) tell("namespace", stanza.namespaces.front());
  }
  std::string_view about_size() const override { return "that of the element"; }
  std::string_view about_text() const override { return "only messages whose body matches"; }
  std::optional<std::string_view> text(const Message& message,
                                       std::span<const std::byte>) const override {
    const auto& stanza = stanza_of_message(message);
    if (stanza.body_end == 0) return std::nullopt;
    return stanza.body;
  }

  bool has_acknowledgements() const override { return true; }
  bool acknowledges(const Message& message) const override {
    return stanza_of_message(message).element == XmppElement::kAck;
  }
  bool ends_conversation(const Message& message) const override {
    return stanza_of_message(message).element == XmppElement::kStreamEnd;
  }
  // XMPP is XML and must be valid UTF-8 (RFC 6120, 11.3 and 11.6).
  bool must_be_text(const Message&) const override { return true; }
  std::optional<std::string> words(const Chunk& chunk) const override {
    const auto& stanza = *stanza_of(chunk);
    const bool has_body = stanza.body_end > 0 && !chunk.touched();
    return has_body ? std::optional(stanza.body) : std::nullopt;
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    auto stanza = *stanza_of(chunk);
    const auto begin = stanza.body_begin;
    const auto end = stanza.body_end;
    if (end == 0 || end > chunk.size() || chunk.touched()) return std::nullopt;
    const auto written = text_of(chunk.bytes());
    stanza.body = text;
    const auto escaped = xml_escaped(text);
    stanza.body_end = begin + escaped.size();
    const auto whole =
        std::string(written.substr(0, begin)) + escaped + std::string(written.substr(end));
    return message_chunk(*this, std::make_shared<const XmppMessage>(std::move(stanza)), whole);
  }

  std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions& how) const override {
    const auto* given = how.options.of<StanzaCondition>(*this, "condition");
    const auto condition = given != nullptr ? *given : StanzaCondition{};
    const auto answer = xmpp_refusal(*stanza_of(asked), condition);
    if (!answer) return std::nullopt;
    return Refusal{xmpp_chunk(*answer)};
  }
  std::vector<OptionKey> refusal_keys() const override {
    return {option_key<StanzaCondition>("condition", "condition of the error that answers a stanza",
                                        ValueKind<StanzaCondition>::print({}))};
  }
  bool has_users() const override { return true; }
  std::vector<OptionKey> user_keys() const override {
    auto key = option_key<std::vector<std::string>>(
        "accounts",
        "bare JIDs such as anna@example.org; all have the same password, and the users take the "
        "accounts in turn",
        "required");
    // The key has its own parse function, since the generic one would put the key's name before an
    // error about one account.
    key.read = read_accounts;
    return {key};
  }
  std::optional<Chunk> pong(const Chunk& ping) const override {
    const auto answer = xmpp_pong(*stanza_of(ping));
    return answer ? std::optional(xmpp_chunk(*answer)) : std::nullopt;
  }

  std::vector<ExplainOption> explain_options() const override {
    return {{.name = "stanza",
             .meaning = "kind of the element (message)",
             .values = names_of<XmppElement>(),
             .is_value = true},
            {"type", "its type"},
            {"from", "JID of the sender"},
            {"to", "JID of the receiver"},
            {"namespace", "namespace of a child element"}};
  }
  Message message_from_options(const OptionValue& of) const override {
    XmppStanza stanza;
    stanza.element = value_named<XmppElement>(of("stanza")).value_or(XmppElement::kMessage);
    stanza.type = of("type");
    stanza.from = of("from");
    stanza.to = of("to");
    if (auto space = of("namespace"); !space.empty()) stanza.namespaces.push_back(space);
    stanza.body = of("text");
    stanza.body_end = stanza.body.size();
    return {.protocol = this, .view = std::make_shared<const XmppMessage>(std::move(stanza))};
  }

 private:
  static const XmppStanza& stanza_of_message(const Message& message) {
    return view_as<XmppMessage>(&message)->stanza;
  }
};

}  // namespace

const MessageProtocol& XmppMessage::protocol() {
  static const XmppProtocol protocol;
  return protocol;
}

Chunk xmpp_chunk(std::string_view element, XmppElement is) {
  XmppStanza stanza;
  stanza.element = is;
  return message_chunk(XmppMessage::protocol(),
                       std::make_shared<const XmppMessage>(std::move(stanza)), element);
}

}  // namespace brownout::rules
