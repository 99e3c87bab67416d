// How the messages of an in-house protocol are told apart: by what stands behind each, or by a
// length ahead of it.
//
//   framing = { delimiter = "\n", kind = "^([A-Z]+)" }
//   framing = { offset = 2, width = 4, endianness = "little", includes_header = true }
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

// A regular expression (RE2's syntax): of what it finds, its first group is the kind, or all.
class KindExpression {
 public:
  static Result<KindExpression> parse(std::string_view text);
  // "" where it finds nothing. Its first 64 KiB are looked at.
  std::string find(std::string_view payload) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const re2::RE2> regex_;
};

struct Framing {
  std::string delimiter;    // empty: a length stands ahead
  std::int64_t offset = 0;  // bytes ahead of the length, which are of the header as well
  std::int64_t width = 0;   // of the length: 1 to 8 bytes
  Endianness endianness = Endianness::kBig;
  bool includes_header = false;  // whether the length counts offset + width
  std::optional<KindExpression> kind;
  std::vector<TextPattern> acks;  // kinds that say no more than that another message came

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
