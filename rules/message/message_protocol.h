// MessageProtocol: what the folder of a messaging protocol (rules/protocols/NAME) gives to the
// rules: the keys of `match` that only its messages have, and what faults of any messages need to
// know of one. Each protocol has one object of it; registry.cpp lists them.
//
// Pure, without state; any thread.
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

// What a key of `match` asks of a message of its protocol.
class MessagePredicate {
 public:
  virtual ~MessagePredicate() = default;
  virtual bool matches(const Message& message) const = 0;
};
struct MessageKey {
  FieldInfo info;
  // Null: a mistake, which was added to `problems`.
  std::function<std::shared_ptr<const MessagePredicate>(const Node&, Diagnostics& problems)> read;
  // What it looks at stands behind the head of a message, and so is not known when that has come.
  bool behind_head = false;
};

// A key that only one protocol understands, of a table for all of them: the reason code of an MQTT
// refusal in `reject`, the topic of an MQTT user in [[probe]].
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
  // Null: a mistake, which was added to `problems`.
  std::function<std::shared_ptr<const ProtocolOption>(const Node&, Diagnostics& problems)> read;
  bool required = false;
};
// Those that were given. Two protocols may have a key of the same name, each with a meaning of its
// own.
class ProtocolOptions {
 public:
  void add(const MessageProtocol& protocol, std::string key,
           std::shared_ptr<const ProtocolOption> option) {
    given_.push_back({&protocol, std::move(key), std::move(option)});
  }
  const ProtocolOption* find(const MessageProtocol& protocol, std::string_view key) const;
  // T is the type that the key was declared with (option_key). Null: it was left out.
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
// What `reject` is told of a refusal.
struct RefusalOptions {
  std::string text;  // of a protocol whose refusal is a text
  ProtocolOptions options = {};
};
struct Refusal {
  Chunk message;
  bool ends = false;  // the connection, too
};

class MessageProtocol {
 public:
  virtual ~MessageProtocol() = default;
  // As `protocol` in a listener, where it is one: "mqtt".
  virtual std::string_view name() const = 0;
  // In a sentence: "MQTT", "a framing".
  virtual std::string_view title() const = 0;

  // Whether a listener may have it, on a connection or inside WebSocket.
  virtual bool has_connections() const { return true; }
  virtual bool has_websockets() const { return false; }
  // TLS may begin inside its connections.
  virtual bool has_starttls() const { return false; }
  // A listener of it says by `framing` where messages end.
  virtual bool needs_framing() const { return false; }
  // Its servers tell clients the addresses of others, which a listener of it may rewrite.
  virtual bool names_servers() const { return false; }
  // Whether it is known which of its messages are requests, and what answers them.
  virtual bool has_requests() const { return false; }

  virtual std::vector<MessageKey> keys() const = 0;
  // What min_size and max_size measure, and that in words where it is not the payload: "the
  // packet's".
  virtual std::string_view about_size() const { return {}; }
  virtual std::size_t size(const Message&, std::span<const std::byte> payload) const {
    return payload.size();
  }
  // What `text` is compared with, in words: "only such payloads". None: the message has no text.
  virtual std::string_view about_text() const = 0;
  virtual std::optional<std::string_view> text(const Message& message,
                                               std::span<const std::byte> payload) const = 0;

  // Whether messages of it can acknowledge others.
  virtual bool has_acknowledgements() const { return false; }
  virtual bool acknowledges(const Message&) const { return false; }
  virtual bool is_control(const Message&) const { return false; }
  virtual bool ends_conversation(const Message&) const { return false; }
  // Whether its receiver ends the connection, or refuses it, where it is no valid text.
  virtual bool must_be_text(const Message&) const { return false; }
  // Of such a message, what it says in words, for with_text(). None if it says nothing.
  virtual std::optional<std::string> words(const Chunk& chunk) const;
  // The same with another text; none if it carries none.
  virtual std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const = 0;

  // What a server that does not want it would say; none if it is nothing that can be refused.
  virtual std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions& how) const = 0;
  virtual std::vector<OptionKey> refusal_keys() const { return {}; }
  // What the text of `reject` is in a refusal; "" where a refusal has none.
  virtual std::string_view about_refusal() const { return {}; }
  // Whether a [[probe]] may have users who speak it (proxy/rehearsal/users), and their keys.
  virtual bool has_users() const { return false; }
  virtual std::vector<OptionKey> user_keys() const { return {}; }
  // What proves to its sender that somebody is there; none if it is no ping.
  virtual std::optional<Chunk> pong(const Chunk&) const { return std::nullopt; }

  // What `explain` may be told of a message, each as an option of the same name ("--topic").
  struct ExplainOption {
    std::string name;
    std::string meaning;
    std::vector<std::string_view> values = {};  // the only ones; empty: any
    bool decides = false;  // given, the message is of this protocol, not of the one around it
  };
  virtual std::vector<ExplainOption> explain_options() const = 0;
  // A message as they say.
  using Told = std::function<std::string(std::string_view option)>;  // "" if it was not given
  virtual Message told(const Told& of) const = 0;
};

// The table of registry.cpp.
std::span<const MessageProtocol* const> message_protocols();

// A set of them.
class ProtocolSet {
 public:
  ProtocolSet() = default;
  static ProtocolSet any();
  static ProtocolSet of(const MessageProtocol& protocol);
  // Those that have a property.
  static ProtocolSet where(bool (MessageProtocol::*property)() const);

  bool empty() const { return bits_ == 0; }
  bool has(const MessageProtocol& protocol) const { return !(of(protocol) & *this).empty(); }
  ProtocolSet operator&(ProtocolSet other) const { return ProtocolSet(bits_ & other.bits_); }
  ProtocolSet operator|(ProtocolSet other) const { return ProtocolSet(bits_ | other.bits_); }
  friend bool operator==(ProtocolSet, ProtocolSet) = default;
  // "WebSocket and MQTT".
  std::string text() const;

 private:
  explicit ProtocolSet(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;  // by place in message_protocols()
};
// Of any message; of HTTP and DNS: none.
std::optional<Refusal> refusal_of(const Chunk& asked, const RefusalOptions& how);
std::optional<Chunk> pong_of(const Chunk& ping);
bool must_be_text(const Message& message);
std::optional<std::string> words_of(const Chunk& chunk);
std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text);

// A message that a rule made.
Chunk message_chunk(const MessageProtocol& protocol, std::shared_ptr<const MessageView> view,
                    std::string_view payload = {});
std::string_view text_of(std::span<const std::byte> bytes);

// A key whose value is a T; `fallback` is what the reference says of it left out: "required" if it
// must not be.
template <class T>
OptionKey option_key(std::string name, std::string meaning, std::string fallback,
                     Limits<T> limits = {}) {
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

// The keys that protocols have in a table that is read into an S, each for those that understand
// its value: where none does, it is a mistake.
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

// A key whose value is a T, of messages that have a V: matches(view, value).
template <class V, class T>
MessageKey message_key(std::string name, std::string meaning,
                       bool (*matches)(const V& view, const T& value)) {
  class Predicate final : public MessagePredicate {
   public:
    Predicate(T value, bool (*matches)(const V&, const T&))
        : value_(std::move(value)), matches_(matches) {}
    bool matches(const Message& message) const override {
      const auto* view = view_as<V>(&message);
      return view != nullptr && matches_(*view, value_);
    }

   private:
    T value_;
    bool (*matches_)(const V&, const T&);
  };
  const auto fallback = [] {
    if constexpr (requires(T list) { list.push_back(*list.begin()); }) {
      return ValueKind<T>::print({});
    } else {
      return std::string("none");
    }
  }();
  return {{name, ValueKind<T>::name(), "", fallback, std::move(meaning)},
          [name, matches](const Node& node, Diagnostics& problems) {
            auto value = detail::read_value<T>(name, node, {}, problems);
            std::shared_ptr<const MessagePredicate> predicate;
            if (value) predicate = std::make_shared<const Predicate>(std::move(*value), matches);
            return predicate;
          }};
}

// `name = { header = "pattern" }`, of messages that have a V: has(view, wanted) for each of them.
// `example` is what stands between the braces.
template <class V>
MessageKey headers_key(std::string name, std::string example, std::string meaning,
                       bool (*has)(const V& view, const HeaderPattern& wanted)) {
  class Predicate final : public MessagePredicate {
   public:
    Predicate(std::vector<HeaderPattern> wanted, bool (*has)(const V&, const HeaderPattern&))
        : wanted_(std::move(wanted)), has_(has) {}
    bool matches(const Message& message) const override {
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
