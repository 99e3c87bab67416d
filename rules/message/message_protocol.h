// MessageProtocol describes a messaging protocol (MQTT, XMPP, NATS ...) to the rule engine: its
// keys of `match`, and the operations that message faults need. Each folder rules/protocols/NAME
// defines one object; rules/registry.cpp lists them.
//
// Stateless; all functions may be called from any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/message/chunk.h"
#include "rules/message/message.h"
#include "rules/schema/schema.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {

// MessagePredicate is the condition that one key of `match` requires of a message.
class MessagePredicate {
 public:
  virtual ~MessagePredicate() = default;
  // `payload` may be empty unless MessageKey::behind_head is true.
  virtual bool matches(const Message& message, std::span<const std::byte> payload) const = 0;
  // Returns who alone sends messages that match; no value if both peers do.
  virtual std::optional<Sender> sender() const { return std::nullopt; }
};
struct MessageKey {
  FieldInfo info;
  // Parses the value of the key. Returns null after adding an error to `problems`.
  std::function<std::shared_ptr<const MessagePredicate>(const Node&, Diagnostics& problems)> read;
  // Whether the predicate needs the payload of a message, after its head.
  bool behind_head = false;
  // Whether the predicate needs the types of messages: the key `descriptors` of the listener.
  bool needs_types = false;
};

// ProtocolOption is the value of a protocol-specific key in a table that all protocols share: an
// MQTT reason code in `reject`, or the topic of an MQTT user in [[probe]].
class ProtocolOption {
 public:
  virtual ~ProtocolOption() = default;
};
template <class T>
class OptionValue final : public ProtocolOption {
 public:
  explicit OptionValue(T is) : value(std::move(is)) {}
  T value;
};
struct OptionKey {
  FieldInfo info;
  // Parses the value of the key. Returns null after adding an error to `problems`.
  std::function<std::shared_ptr<const ProtocolOption>(const Node&, Diagnostics& problems)> read;
  bool required = false;
};
// ProtocolOptions contains the protocol-specific keys given in one table. Two protocols may define
// the same key, each with its own meaning.
class ProtocolOptions {
 public:
  void add(const MessageProtocol& protocol, std::string key,
           std::shared_ptr<const ProtocolOption> option) {
    given_.push_back({&protocol, std::move(key), std::move(option)});
  }
  const ProtocolOption* find(const MessageProtocol& protocol, std::string_view key) const;
  // Returns the value of a key, or null if the key was not given. T is the type that option_key
  // declared.
  template <class T>
  const T* of(const MessageProtocol& protocol, std::string_view key) const {
    const auto* option = find(protocol, key);
    return option != nullptr ? &static_cast<const OptionValue<T>*>(option)->value : nullptr;
  }

 private:
  struct Given {
    const MessageProtocol* protocol;
    std::string key;
    std::shared_ptr<const ProtocolOption> option;
  };
  std::vector<Given> given_;
};
// The settings of the fault `reject` that determine the refusal sent.
struct RefusalOptions {
  std::string text;  // text of the refusal, in protocols whose refusals have one
  ProtocolOptions options = {};
};
struct Refusal {
  Chunk message;
  bool ends = false;  // whether the refusal also closes the connection
  // Whether `message` goes to the server in place of the request, and makes the server refuse it.
  bool by_server = false;
};

class MessageProtocol {
 public:
  virtual ~MessageProtocol() = default;
  // Returns the name in rule files, e.g. `protocol = "mqtt"` of a listener.
  virtual std::string_view name() const = 0;
  // Returns the name in user messages: "MQTT", "protocol = \"framed\"".
  virtual std::string_view title() const = 0;

  // Whether a listener may use the protocol directly on its TCP connections.
  virtual bool has_connections() const { return true; }
  // Whether messages of the protocol occur on WebSocket listeners.
  virtual bool has_websockets() const { return false; }
  // Whether the messages are parts of the bodies of HTTP requests and responses. A listener with
  // such a protocol is an HTTP listener; codec_row.h says which media types contain the messages.
  virtual bool in_http_bodies() const { return false; }
  // Whether listeners may name the types of messages with the key `descriptors`.
  virtual bool has_types() const { return false; }
  // Whether TLS may begin inside an open connection (STARTTLS).
  virtual bool has_starttls() const { return false; }
  // Whether listeners need the key `framing`, which defines where messages end.
  virtual bool needs_framing() const { return false; }
  // Whether servers announce addresses of other servers, which the key `rewrite` can replace.
  virtual bool names_servers() const { return false; }
  // Whether these servers are the brokers of a cluster, which the key `brokers` can follow.
  virtual bool names_brokers() const { return false; }
  // Whether requests and their responses can be distinguished from other messages.
  virtual bool has_requests() const { return false; }
  // Whether the receiver of a message can refuse it by a message of its own (refuse()).
  virtual bool has_refusals() const { return true; }
  // Whether servers send messages that `reject` can refuse.
  virtual bool servers_ask() const { return true; }

  virtual std::vector<MessageKey> keys() const = 0;
  // Why no message can have all keys of a `match`, and the key to blame.
  struct Contradiction {
    std::string key, what, hint;
  };
  virtual std::optional<Contradiction> contradiction(const Node& /*match*/) const { return {}; }
  // Calls tell(name, value) for each property of the message that a key of `match` tests; the name
  // is the key's. Also tells the message's trace (trace.h). Leaves out headers and payloads, which
  // may hold secrets.
  virtual void describe(const Message& message, const Tell& tell) const = 0;
  // Names what size() measures, for the reference: "the packet's". "" if size() is the size of the
  // payload.
  virtual std::string_view about_size() const { return {}; }
  // Returns the size in bytes with which min_size and max_size are compared.
  virtual std::size_t size(const Message&, std::span<const std::byte> payload) const {
    return payload.size();
  }
  // Describes the key `text` on the reference page, e.g. "only messages whose payload matches".
  virtual std::string_view about_text() const = 0;
  // Returns the text with which the key `text` is compared. Returns no value if the message has no
  // text.
  virtual std::optional<std::string_view> text(const Message& message,
                                               std::span<const std::byte> payload) const = 0;
  // Whether the key `text` with these patterns selects the message. Protocols override this whose
  // messages have several texts.
  virtual bool has_text(const Message& message, std::span<const std::byte> payload,
                        const std::vector<TextPattern>& wanted) const;

  // Whether the protocol has messages that acknowledge other messages.
  virtual bool has_acknowledgements() const { return false; }
  virtual bool acknowledges(const Message&) const { return false; }
  virtual bool is_control(const Message&) const { return false; }
  virtual bool ends_conversation(const Message&) const { return false; }
  // Returns the key of `match` without which no rule selects the message; "" if there is none.
  virtual std::string_view selecting_key(const Message&) const { return {}; }
  // Whether the receiver requires valid text: otherwise it closes the connection or rejects the
  // message.
  virtual bool must_be_text(const Message&) const { return false; }
  // Whether messages have a text that with_text() replaces.
  virtual bool has_words() const { return true; }
  // Returns the text of a message that with_text() replaces. Returns no value if the message has no
  // text.
  virtual std::optional<std::string> words(const Chunk& chunk) const;
  // Returns the same message with another text. Returns no value if the message cannot have text.
  virtual std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const = 0;

  // Returns the response of a server that rejects the message. Returns no value if the message
  // cannot be rejected.
  virtual std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions& how) const = 0;
  virtual std::vector<OptionKey> refusal_keys() const { return {}; }
  // Describes the key `text` of `reject` on the reference page. Returns "" if refusals have no
  // text.
  virtual std::string_view about_refusal() const { return {}; }
  // Whether a [[probe]] may have synthetic users that use the protocol (proxy/rehearsal/users).
  virtual bool has_users() const { return false; }
  // Returns the keys of [[probe]] for synthetic users of the protocol.
  virtual std::vector<OptionKey> user_keys() const { return {}; }
  // Returns the reply to a ping. Returns no value if the message is not a ping.
  virtual std::optional<Chunk> pong(const Chunk&) const { return std::nullopt; }

  // A command-line option of `explain` (such as `--topic`) that describes a message.
  struct ExplainOption {
    std::string name;
    std::string meaning;
    std::vector<std::string_view> values = {};  // allowed values; if empty, any value is allowed
    bool decides = false;  // whether the option alone shows that the message is of this protocol
    // Whether the option takes the values of the key of `match` with this name (with _ in place of
    // -). False if the key has patterns.
    bool is_value = false;
  };
  virtual std::vector<ExplainOption> explain_options() const = 0;
  // A function that returns the value of a command-line option, or "" if it was not given.
  using OptionValue = std::function<std::string(std::string_view option)>;
  // Returns the message that the command-line options describe.
  virtual Message message_from_options(const OptionValue& of) const = 0;
};

// Returns all messaging protocols (rules/registry.cpp).
std::span<const MessageProtocol* const> message_protocols();

// ProtocolSet is a set of messaging protocols.
class ProtocolSet {
 public:
  ProtocolSet() = default;
  static ProtocolSet any();
  static ProtocolSet of(const MessageProtocol& protocol);
  // Returns the protocols for which `property` is true.
  static ProtocolSet where(bool (MessageProtocol::*property)() const);

  bool empty() const { return bits_ == 0; }
  bool has(const MessageProtocol& protocol) const { return !(of(protocol) & *this).empty(); }
  ProtocolSet operator&(ProtocolSet other) const { return ProtocolSet(bits_ & other.bits_); }
  ProtocolSet operator|(ProtocolSet other) const { return ProtocolSet(bits_ | other.bits_); }
  friend bool operator==(ProtocolSet, ProtocolSet) = default;
  // Returns the names as text: "WebSocket and MQTT".
  std::string text() const;

 private:
  explicit ProtocolSet(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;  // bit i is entry i of message_protocols()
};
// These functions call the function of the message's protocol (refuse, pong ...). For HTTP and DNS
// messages they return no value, or false.
std::optional<Refusal> refusal_of(const Chunk& asked, const RefusalOptions& how);
// Reports mistakes in those keys of a table that another protocol understands, but `protocol` does
// not. The mistakes that every protocol finds are reported when the table is read.
void report_own_mistakes(const MessageProtocol& protocol,
                         std::vector<OptionKey> (MessageProtocol::*keys)() const, const Node& table,
                         Diagnostics& problems);
std::optional<Chunk> pong_of(const Chunk& ping);
bool must_be_text(const Message& message);
std::optional<std::string> words_of(const Chunk& chunk);
std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text);

// Creates a chunk for a message that a rule sends.
Chunk message_chunk(const MessageProtocol& protocol, std::shared_ptr<const MessageView> view,
                    std::string_view payload = {});
std::string_view text_of(std::span<const std::byte> bytes);

// Returns a key with a value of type T. `fallback` is the default as shown on the reference page;
// "required" makes the key mandatory.
template <class T>
OptionKey option_key(std::string name, std::string meaning, std::string fallback,
                     LimitsOf<T> limits = {}) {
  const bool required = fallback == "required";
  return {{name, ValueKind<T>::name(), detail::range_text(limits), std::move(fallback),
           std::move(meaning)},
          [name, limits](const Node& node, Diagnostics& problems) {
            auto value = detail::read_value<T>(name, node, limits, problems);
            std::shared_ptr<const ProtocolOption> option;
            if (value) option = std::make_shared<const OptionValue<T>>(std::move(*value));
            return option;
          },
          required};
}

// Returns the fields for the protocol-specific keys of a table that is read into an S. A value is
// stored for each protocol that accepts it. If no protocol accepts the value, it is an error.
template <class S>
std::vector<Field<S>> option_fields(std::vector<OptionKey> (MessageProtocol::*keys)() const,
                                    ProtocolOptions S::*options) {
  using Owner = std::pair<const MessageProtocol*, OptionKey>;
  std::vector<std::pair<FieldInfo, std::vector<Owner>>> all;
  for (const auto* protocol : message_protocols()) {
    for (auto& key : (protocol->*keys)()) {
      key.info.meaning = std::string(protocol->name()) + ": " + key.info.meaning;
      const auto known = std::find_if(all.begin(), all.end(), [&](const auto& other) {
        return other.first.name == key.info.name;
      });
      if (known == all.end()) {
        all.push_back({key.info, {{protocol, key}}});
        continue;
      }
      known->first.meaning += "; " + key.info.meaning;
      known->second.push_back({protocol, key});
    }
  }
  std::vector<Field<S>> fields;
  for (const auto& known : all) {
    const auto name = known.first.name;
    fields.push_back(
        {known.first, false,
         [name, owners = known.second, options](const Node& node, S& into, Diagnostics& problems) {
           std::optional<Diagnostics> mistakes;
           bool understood = false;
           for (const auto& [protocol, key] : owners) {
             Diagnostics wrong;
             auto option = key.read(node, wrong);
             understood = understood || option;
             if (option) (into.*options).add(*protocol, name, std::move(option));
             if (!mistakes && wrong.size() > 0) mistakes = std::move(wrong);
           }
           if (!understood && mistakes) problems.add_all(*mistakes);
         }});
  }
  return fields;
}

// Returns who alone sends messages for which the key has this value; no value if both peers do.
template <class T>
using SenderOf = std::optional<Sender> (*)(const T& value);

// The same for a list, any of whose values a message may have. `sender` is a SenderOf<T>.
template <class T, class Of>
std::optional<Sender> sender_of_all(const std::vector<T>& values, Of sender) {
  std::optional<Sender> all;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto own = sender(values[i]);
    if (!own || (i > 0 && own != all)) return std::nullopt;
    all = own;
  }
  return all;
}

// Returns a key with a value of type T, for messages with a view V. A message matches if
// matches(view, value). Without `sender`, both peers send such messages.
template <class V, class T>
MessageKey message_key(std::string name, std::string meaning,
                       bool (*matches)(const V& view, const T& value), LimitsOf<T> limits = {},
                       SenderOf<T> sender = nullptr) {
  class Predicate final : public MessagePredicate {
   public:
    Predicate(T value, bool (*matches)(const V&, const T&), SenderOf<T> sender)
        : value_(std::move(value)), matches_(matches), sender_(sender) {}
    bool matches(const Message& message, std::span<const std::byte>) const override {
      const auto* view = view_as<V>(&message);
      return view != nullptr && matches_(*view, value_);
    }
    std::optional<Sender> sender() const override {
      return sender_ != nullptr ? sender_(value_) : std::nullopt;
    }

   private:
    T value_;
    bool (*matches_)(const V&, const T&);
    SenderOf<T> sender_;
  };
  const auto fallback = [] {
    if constexpr (requires(T list) { list.push_back(*list.begin()); }) {
      return ValueKind<T>::print({});
    } else {
      return std::string("none");
    }
  }();
  return {{name, ValueKind<T>::name(), detail::range_text(limits), fallback, std::move(meaning)},
          [name, matches, limits, sender](const Node& node, Diagnostics& problems) {
            auto value = detail::read_value<T>(name, node, limits, problems);
            std::shared_ptr<const MessagePredicate> predicate;
            if (value) {
              predicate = std::make_shared<const Predicate>(std::move(*value), matches, sender);
            }
            return predicate;
          }};
}

// Returns a key `name = { header = "pattern", ... }`, for messages with a view V. A message matches
// if has(view, wanted) for each pattern. The error hint shows `example` between the braces.
template <class V>
MessageKey headers_key(std::string name, std::string example, std::string meaning,
                       bool (*has)(const V& view, const HeaderPattern& wanted)) {
  class Predicate final : public MessagePredicate {
   public:
    Predicate(std::vector<HeaderPattern> wanted, bool (*has)(const V&, const HeaderPattern&))
        : wanted_(std::move(wanted)), has_(has) {}
    bool matches(const Message& message, std::span<const std::byte>) const override {
      const auto* view = view_as<V>(&message);
      return view != nullptr &&
             std::all_of(wanted_.begin(), wanted_.end(),
                         [&](const HeaderPattern& wanted) { return has_(*view, wanted); });
    }

   private:
    std::vector<HeaderPattern> wanted_;
    bool (*has_)(const V&, const HeaderPattern&);
  };
  return {{name, "table of patterns", "", "none", std::move(meaning)},
          [name, example, has](const Node& node, Diagnostics& problems) {
            const auto before = problems.size();
            auto wanted = read_header_patterns(name, example, node, problems);
            std::shared_ptr<const MessagePredicate> predicate;
            if (problems.size() == before) {
              predicate = std::make_shared<const Predicate>(std::move(wanted), has);
            }
            return predicate;
          },
          true};
}

}  // namespace brownout::rules
