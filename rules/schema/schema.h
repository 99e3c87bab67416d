// Schema declares the keys of a configuration table once: name, type, range, default and meaning.
//
// The TOML loader, `check`, the JSON API and the reference page all use this declaration. A schema
// fills a plain struct:
//
//   struct Settings { Duration delay{}; Duration jitter{}; };
//   const Schema<Settings> kSchema{{
//       field("delay", &Settings::delay, "how long each chunk waits", {.required = true}),
//       field("jitter", &Settings::jitter, "how much the delay varies", {.most = 1min}),
//   }};
//   Settings settings = kSchema.read(node, "fault \"latency\"", problems);
//
// The struct's initial values are the defaults. Each error becomes a diagnostic with its position;
// the returned struct is usable only if no diagnostic was added.
#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/base/address.h"
#include "rules/base/diagnostics.h"
#include "rules/base/units.h"
#include "rules/schema/node.h"

namespace brownout::rules {

// The description of one key on the reference page.
struct FieldInfo {
  std::string name;
  std::string type;   // type of the value: "duration", "\"fin\" | \"rst\"", "list of prefixes"
  std::string range;  // allowed range: "from 0s to 1h"; may be empty
  std::string default_text;  // the default value, "required" or "none"
  std::string meaning;
};

// The names of an enum's values, in the order of the reference page. Specialize it:
//   template <> struct EnumNames<Per> { static constexpr std::array kValues{std::pair{"chunk",
//   Per::kChunk}}; };
template <class E>
struct EnumNames;

template <class E>
std::string_view name_of(E value) {
  for (const auto& [name, candidate] : EnumNames<E>::kValues) {
    if (candidate == value) return name;
  }
  return "?";
}

template <class E>
std::optional<E> value_named(std::string_view wanted) {
  for (const auto& [name, value] : EnumNames<E>::kValues) {
    if (name == wanted) return value;
  }
  return std::nullopt;
}

template <class E>
std::vector<std::string_view> names_of() {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : EnumNames<E>::kValues) names.push_back(name);
  return names;
}

// ValueKind defines for a type T the name of the type in messages, how to parse a value from a
// node, and how to print a value. Each type has a specialization.
template <class T>
struct ValueKind;

template <>
struct ValueKind<bool> {
  static std::string name() { return "true | false"; }
  static Result<bool> read(const Node& node);
  static std::string print(bool value) { return value ? "true" : "false"; }
};
template <>
struct ValueKind<std::int64_t> {
  static std::string name() { return "whole number"; }
  static Result<std::int64_t> read(const Node& node);
  static std::string print(std::int64_t value) { return std::to_string(value); }
};
template <>
struct ValueKind<double> {
  static std::string name() { return "number"; }
  static Result<double> read(const Node& node);
  static std::string print(double value);
};
template <>
struct ValueKind<std::string> {
  static std::string name() { return "text"; }
  static Result<std::string> read(const Node& node);
  static std::string print(const std::string& value) { return in_quotes(value); }
};
template <>
struct ValueKind<Duration> {
  static std::string name() { return "duration"; }
  static Result<Duration> read(const Node& node);
  static std::string print(Duration value) { return to_text(value); }
};
template <>
struct ValueKind<Rate> {
  static std::string name() { return "rate"; }
  static Result<Rate> read(const Node& node);
  static std::string print(Rate value) { return to_text(value); }
};
template <>
struct ValueKind<Bytes> {
  static std::string name() { return "size"; }
  static Result<Bytes> read(const Node& node);
  static std::string print(Bytes value) { return to_text(value); }
};
template <>
struct ValueKind<Ratio> {
  static std::string name() { return "percentage"; }
  static Result<Ratio> read(const Node& node);
  static std::string print(Ratio value) { return to_text(value); }
};
template <>
struct ValueKind<Frequency> {
  static std::string name() { return "frequency"; }
  static Result<Frequency> read(const Node& node);
  static std::string print(Frequency value) { return to_text(value); }
};
template <>
struct ValueKind<Multiple> {
  static std::string name() { return "multiple"; }
  static Result<Multiple> read(const Node& node);
  static std::string print(Multiple value) { return to_text(value); }
};
template <>
struct ValueKind<Prefix> {
  static std::string name() { return "prefix"; }
  static Result<Prefix> read(const Node& node);
  static std::string print(const Prefix& value) { return to_text(value); }
};
template <>
struct ValueKind<Endpoint> {
  static std::string name() { return "address"; }
  static Result<Endpoint> read(const Node& node);
  static std::string print(const Endpoint& value) { return to_text(value); }
};

// Returns an error like `expected a duration, found a whole number`.
tl::unexpected<Error> wrong_type(const Node& node, std::string_view expected);
// Returns an error for a node that is not one of these names. The hint lists them.
tl::unexpected<Error> unknown_name(const Node& node, std::span<const std::string_view> names);

template <class E>
requires std::is_enum_v<E>
struct ValueKind<E> {
  static std::string name() {
    std::string text;
    for (const auto word : names_of<E>()) text += (text.empty() ? "" : " | ") + in_quotes(word);
    return text;
  }
  static Result<E> read(const Node& node) {
    const auto* text = node.string();
    const auto value = text != nullptr ? value_named<E>(*text) : std::nullopt;
    if (value) return *value;
    const auto names = names_of<E>();
    return unknown_name(node, names);
  }
  static std::string print(E value) { return in_quotes(name_of(value)); }
};

// A list with one element may be written as that element alone. There is no read(): a list may have
// several mistakes, and detail::read_list() reports each of them.
template <class T>
struct ValueKind<std::vector<T>> {
  static std::string name() { return "list of: " + ValueKind<T>::name(); }
  static std::string print(const std::vector<T>& values) { return values.empty() ? "all" : "..."; }
};

// Whether ValueKind<T>::read() can read the value. False for lists, whose elements are read one by
// one.
template <class T>
concept ReadAtOnce = requires(const Node& node) {
  ValueKind<T>::read(node);
};

// The limits of a list apply to each of its elements.
template <class T>
struct LimitedBy {
  using Type = T;
};
template <class T>
requires(!ReadAtOnce<std::vector<T>>) struct LimitedBy<std::vector<T>> {
  using Type = T;
};

template <class T>
struct Limits {
  std::optional<T> least = {};
  std::optional<T> most = {};
  bool required = false;
  std::string_view absent = {};  // default on the reference page, in place of the value's text
};
template <class T>
using LimitsOf = Limits<typename LimitedBy<T>::Type>;

template <class S>
struct Field {
  FieldInfo info;
  bool required = false;
  std::function<void(const Node&, S&, Diagnostics&)> read;
};

namespace detail {
template <class T>
std::string range_text(const Limits<T>& limits) {
  const auto print = [](const T& value) { return ValueKind<T>::print(value); };
  if (limits.least && limits.most) {
    return "from " + print(*limits.least) + " to " + print(*limits.most);
  }
  if (limits.least) return "at least " + print(*limits.least);
  if (limits.most) return "at most " + print(*limits.most);
  return {};
}

void out_of_range(const Node& node, std::string_view name, const std::string& value,
                  const std::string& range, Diagnostics& problems);
// Adds a warning if the value of a share is the bare number 1, which the author may have meant as
// 1%.
void note_bare_one(const Node& node, std::string_view name, Diagnostics& problems);
void empty_list(const Node& list, std::string_view name, bool required, Diagnostics& problems);

template <class T>
std::optional<T> read_single(std::string_view name, const Node& node, const Limits<T>& limits,
                             Diagnostics& problems) {
  auto value = ValueKind<T>::read(node);
  if (!value) {
    const auto& error = value.error();
    problems.add(error.where.value_or(node.where), std::string(name) + ": " + error.what,
                 error.hint);
    return std::nullopt;
  }
  if constexpr (std::is_same_v<T, Ratio>) note_bare_one(node, name, problems);
  if constexpr (requires(const T& a) { a < a; }) {
    if ((limits.least && *value < *limits.least) || (limits.most && *limits.most < *value)) {
      out_of_range(node, name, ValueKind<T>::print(*value), range_text(limits), problems);
      return std::nullopt;
    }
  }
  return std::move(*value);
}

// Reads a list, or a single value as a list with one element. Reports every wrong element, and
// returns no value if any element is wrong.
template <class T>
std::optional<std::vector<T>> read_list(std::string_view name, const Node& node,
                                        const Limits<T>& limits, Diagnostics& problems) {
  const auto before = problems.size();
  std::vector<T> values;
  const auto read = [&](const Node& element) {
    auto value = read_single<T>(name, element, limits, problems);
    if (value) values.push_back(std::move(*value));
  };
  if (node.array() == nullptr) {
    read(node);
  } else {
    if (node.array()->empty()) empty_list(node, name, limits.required, problems);
    for (const auto& element : *node.array()) read(element);
  }
  if (problems.size() != before) return std::nullopt;
  return values;
}

template <class T>
std::optional<T> read_value(std::string_view name, const Node& node, const LimitsOf<T>& limits,
                            Diagnostics& problems) {
  if constexpr (ReadAtOnce<T>) {
    return read_single<T>(name, node, limits, problems);
  } else {
    return read_list<typename T::value_type>(name, node, limits, problems);
  }
}

void unknown_key(const Member& member, std::string_view table,
                 const std::vector<std::string_view>& allowed, Diagnostics& problems);
void missing_key(const Node& table, std::string_view what, const FieldInfo& info,
                 Diagnostics& problems);
void not_a_table(const Node& node, std::string_view what, Diagnostics& problems);
}  // namespace detail

template <class S, class T>
requires requires { ValueKind<T>::name(); }
Field<S> field(std::string name, T S::*member, std::string meaning, LimitsOf<T> limits = {}) {
  auto fallback = limits.required          ? std::string("required")
                  : !limits.absent.empty() ? std::string(limits.absent)
                                           : ValueKind<T>::print(S{}.*member);
  return {{name, ValueKind<T>::name(), detail::range_text(limits), fallback, std::move(meaning)},
          limits.required,
          [=](const Node& node, S& settings, Diagnostics& problems) {
            auto value = detail::read_value<T>(name, node, limits, problems);
            if (value) settings.*member = std::move(*value);
          }};
}

template <class S, class T>
Field<S> field(std::string name, std::optional<T> S::*member, std::string meaning,
               LimitsOf<T> limits = {}) {
  return {{name, ValueKind<T>::name(), detail::range_text(limits),
           limits.required ? "required" : "none", std::move(meaning)},
          limits.required,
          [=](const Node& node, S& settings, Diagnostics& problems) {
            settings.*member = detail::read_value<T>(name, node, limits, problems);
          }};
}

// Returns a key whose value has its own parse function, for example a table with its own schema.
template <class S>
Field<S> nested(std::string name, std::string type, std::string meaning,
                std::function<void(const Node&, S&, Diagnostics&)> read, bool required = false) {
  return {
      {std::move(name), std::move(type), "", required ? "required" : "none", std::move(meaning)},
      required,
      std::move(read)};
}

// Returns a key of the nested struct `member` as a key of S itself.
template <class S, class Part>
Field<S> field_of(Part S::*member, const Field<Part>& field) {
  return {field.info, field.required,
          [member, field](const Node& node, S& settings, Diagnostics& problems) {
            field.read(node, settings.*member, problems);
          }};
}
template <class S, class Part>
std::vector<Field<S>> fields_of(Part S::*member, const std::vector<Field<Part>>& fields) {
  std::vector<Field<S>> all;
  for (const auto& field : fields) all.push_back(field_of(member, field));
  return all;
}

template <class S>
class Schema {
 public:
  explicit Schema(std::vector<Field<S>> fields) : fields_(std::move(fields)) {
    for (const auto& field : fields_) infos_.push_back(field.info);
  }
  Schema(std::initializer_list<Field<S>> fields) : Schema(std::vector<Field<S>>(fields)) {}
  // Creates a schema with the fields of both lists, in order.
  Schema(std::initializer_list<Field<S>> fields, const std::vector<Field<S>>& more)
      : Schema(fields) {
    fields_.insert(fields_.end(), more.begin(), more.end());
    for (const auto& field : more) infos_.push_back(field.info);
  }

  const std::vector<FieldInfo>& fields() const { return infos_; }

  // Reads `table`. Messages call the table `what`, e.g. `fault "latency"`. Keys in `also` are
  // allowed and ignored.
  // Hints about unknown keys leave out those in `not_here`, which the caller has refused.
  S read(const Node& table, std::string_view what, Diagnostics& problems,
         std::initializer_list<std::string_view> also = {},
         std::span<const std::string_view> not_here = {}) const {
    S settings{};
    if (table.table() == nullptr) {
      detail::not_a_table(table, what, problems);
      return settings;
    }
    std::vector<std::string_view> allowed(also);
    for (const auto& field : fields_) {
      if (std::find(not_here.begin(), not_here.end(), field.info.name) == not_here.end())
        allowed.push_back(field.info.name);
    }
    for (const auto& member : *table.table())
      read_member(member, what, allowed, settings, problems);
    for (const auto& field : fields_) {
      if (field.required && table.find(field.info.name) == nullptr) {
        detail::missing_key(table, what, field.info, problems);
      }
    }
    return settings;
  }

 private:
  void read_member(const Member& member, std::string_view what,
                   const std::vector<std::string_view>& allowed, S& settings,
                   Diagnostics& problems) const {
    for (const auto& field : fields_) {
      if (field.info.name == member.key) return field.read(member.node, settings, problems);
    }
    for (const auto name : allowed) {
      if (name == member.key) return;
    }
    detail::unknown_key(member, what, allowed, problems);
  }

  std::vector<Field<S>> fields_;
  std::vector<FieldInfo> infos_;
};

}  // namespace brownout::rules
