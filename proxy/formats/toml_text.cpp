#include "proxy/formats/toml_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "rules/base/hex_digit.h"
#include "rules/base/valid_text.h"

namespace brownout::codecs {
namespace {

using TomlNode = rules::Node;

bool is_bare_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string toml_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 64> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  std::string text(digits.data(), end);
  // Adds ".0", since TOML reads a number without a point or an exponent as an integer.
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

struct ToToml {
  std::string operator()(std::monostate) const { return "\"\""; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return toml_number(value); }
  std::string operator()(const std::string& value) const { return toml_string(value); }
  std::string operator()(const std::shared_ptr<const rules::FileText>& file) const {
    return toml_string(file->path);
  }
  std::string operator()(const TomlNode::Array& array) const {
    std::string text;
    for (const auto& element : array) text += (text.empty() ? "" : ", ") + toml_text(element);
    return "[" + text + "]";
  }
  std::string operator()(const TomlNode::Table& table) const {
    std::string text;
    for (const auto& member : table) {
      text += text.empty() ? "" : ", ";
      text += (is_bare_key(member.key) ? member.key : toml_string(member.key)) + " = " +
              toml_text(member.node);
    }
    return "{ " + text + " }";
  }
};

}  // namespace

std::string toml_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : rules::valid_text(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') quoted += '\\';
    if (byte >= ' ' && byte != 0x7f) {
      quoted += c;
      continue;
    }
    quoted += "\\u00";
    quoted += rules::kHexDigits[byte >> 4U];
    quoted += rules::kHexDigits[byte & 15U];
  }
  return quoted + '"';
}

std::string toml_text(const rules::Node& node) { return std::visit(ToToml{}, node.value); }

}  // namespace brownout::codecs
