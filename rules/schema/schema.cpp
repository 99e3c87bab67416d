#include "rules/schema/schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace brownout::rules {
namespace {

template <class T>
Result<T> read_text(const Node& node, std::string_view kind, Result<T> (*parse)(std::string_view)) {
  if (const auto* text = node.string()) return parse(*text);
  // Parse "" to get the parser's error, because the hint of this error explains the format.
  auto form = parse("");
  auto error = wrong_type(node, kind).value();
  if (!form) error.hint = form.error().hint;
  return tl::unexpected(std::move(error));
}

}  // namespace

tl::unexpected<Error> wrong_type(const Node& node, std::string_view expected) {
  return config_error("expected " + std::string(expected) + ", found " +
                      std::string(node.type_name()));
}

tl::unexpected<Error> unknown_name(const Node& node, std::span<const std::string_view> names) {
  if (const auto* text = node.string()) {
    return config_error("unknown value " + in_quotes(*text), suggest(*text, names));
  }
  auto error = wrong_type(node, "a string").value();
  const auto* number = std::get_if<std::int64_t>(&node.value);
  const auto digits = number != nullptr ? std::to_string(*number) : std::string();
  const bool known = std::find(names.begin(), names.end(), digits) != names.end();
  error.hint = known ? "write it in quotes: " + in_quotes(digits) : suggest("", names);
  return tl::unexpected(std::move(error));
}

Result<bool> ValueKind<bool>::read(const Node& node) {
  if (const auto* value = std::get_if<bool>(&node.value)) return *value;
  return wrong_type(node, "true or false");
}

Result<std::int64_t> ValueKind<std::int64_t>::read(const Node& node) {
  if (const auto* value = std::get_if<std::int64_t>(&node.value)) return *value;
  return wrong_type(node, "a whole number");
}

Result<double> ValueKind<double>::read(const Node& node) {
  if (const auto* value = std::get_if<double>(&node.value)) {
    if (std::isfinite(*value)) return *value;
    return config_error("expected a finite number");
  }
  if (const auto* whole = std::get_if<std::int64_t>(&node.value))
    return static_cast<double>(*whole);
  return wrong_type(node, "a number");
}

std::string ValueKind<double>::print(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

Result<std::string> ValueKind<std::string>::read(const Node& node) {
  const auto* text = node.string();
  if (text == nullptr) return wrong_type(node, "a string");
  if (text->empty()) return config_error("is empty", "give the key a value, or leave it out");
  return *text;
}

Result<Duration> ValueKind<Duration>::read(const Node& node) {
  return read_text(node, "a duration", parse_duration);
}

Result<Rate> ValueKind<Rate>::read(const Node& node) {
  return read_text(node, "a rate", parse_rate);
}

Result<Bytes> ValueKind<Bytes>::read(const Node& node) {
  return read_text(node, "a size", parse_bytes);
}

Result<Ratio> ValueKind<Ratio>::read(const Node& node) {
  double share = -1;
  if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
    share = static_cast<double>(*whole);
  } else if (const auto* fraction = std::get_if<double>(&node.value)) {
    share = *fraction;
  } else {
    return read_text(node, "a percentage", parse_ratio);
  }
  if (share >= 0 && share <= 1) return Ratio::of(share);
  return config_error("a percentage that is a number must be from 0 to 1",
                      R"(write a percentage as text, e.g. "20%")");
}

Result<Frequency> ValueKind<Frequency>::read(const Node& node) {
  return read_text(node, "a frequency", parse_frequency);
}

Result<Multiple> ValueKind<Multiple>::read(const Node& node) {
  return read_text(node, "a multiple", parse_multiple);
}

Result<Prefix> ValueKind<Prefix>::read(const Node& node) {
  return read_text(node, "a prefix", parse_prefix);
}

Result<Endpoint> ValueKind<Endpoint>::read(const Node& node) {
  return read_text(node, "an address", parse_endpoint);
}

namespace detail {

void out_of_range(const Node& node, std::string_view name, const std::string& value,
                  const std::string& range, Diagnostics& problems) {
  problems.add(node.where, std::string(name) + ": " + value + " is out of range",
               "allowed: " + range);
}

// Adds a note on a share of 1, except for `probability`, where 1 clearly means always.
void note_bare_one(const Node& node, std::string_view name, Diagnostics& problems) {
  const auto* whole = std::get_if<std::int64_t>(&node.value);
  if (whole == nullptr || *whole != 1 || name == "probability") return;
  problems.note(node.where, std::string(name) + " = 1 means 100%",
                "write it as text: \"100%\", or \"1%\"");
}

void empty_list(const Node& list, std::string_view name, bool required, Diagnostics& problems) {
  problems.add(list.where, std::string(name) + ": the list is empty",
               required ? "write at least one value in the list"
                        : "write at least one value in the list, or leave the key out");
}

void unknown_key(const Member& member, std::string_view table,
                 const std::vector<std::string_view>& allowed, Diagnostics& problems) {
  if (problems.full()) return;
  problems.add(member.where, "unknown key " + in_quotes(member.key) + " in " + std::string(table),
               suggest(member.key, allowed));
}

void missing_key(const Node& table, std::string_view what, const FieldInfo& info,
                 Diagnostics& problems) {
  problems.add(table.where, std::string(what) + " needs " + in_quotes(info.name),
               info.name + " (" + info.type + "): " + info.meaning);
}

void not_a_table(const Node& node, std::string_view what, Diagnostics& problems) {
  problems.add(node.where,
               std::string(what) + ": expected a table, found " + std::string(node.type_name()));
}

}  // namespace detail

}  // namespace brownout::rules
