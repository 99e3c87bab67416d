// Framing is the listener's setting that says how to split the byte stream of an in-house protocol
// into messages. Either a delimiter follows each message, or a length precedes it.
//
//   framing = { delimiter = "\n", kind = "^([A-Z]+)" }
//   framing = { offset = 2, width = 4, endianness = "little", includes_header = true }
//
// Plain values; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {

enum class Endianness { kBig, kLittle };

// KindExpression is a regular expression (RE2 syntax) that finds the kind of a message: the text of
// its first group, or of the whole match if it has no group.
class KindExpression {
 public:
  static Result<KindExpression> parse(std::string_view text);
  // Returns the kind, or "" if nothing matches. Only the first 64 KiB of the payload are searched.
  std::string find(std::string_view payload) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const re2::RE2> regex_;
};

struct Framing {
  std::string delimiter;    // bytes after each message; if empty, a length precedes each message
  std::int64_t offset = 0;  // number of header bytes before the length field
  std::int64_t width = 0;   // size of the length field in bytes, 1 to 8
  Endianness endianness = Endianness::kBig;
  bool includes_header = false;  // whether the length includes the header (offset + width)
  std::optional<KindExpression> kind;
  std::vector<TextPattern> acks;  // kinds of messages that only acknowledge other messages

  std::size_t header() const { return static_cast<std::size_t>(offset + width); }
};

bool operator==(const Framing& a, const Framing& b);

const Schema<Framing>& framing_schema();
void check_framing(const Framing& framing, const Node& table, Diagnostics& problems);

template <>
struct ValueKind<KindExpression> {
  static std::string name() { return "regular expression"; }
  static Result<KindExpression> read(const Node& node);
  static std::string print(const KindExpression& value) { return in_quotes(value.text()); }
};

template <>
struct EnumNames<Endianness> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Endianness>{"big", Endianness::kBig},
      std::pair<std::string_view, Endianness>{"little", Endianness::kLittle}};
};

}  // namespace brownout::rules
