#include "rules/schema/json_syntax.h"

#include <algorithm>
#include <array>
#include <string>

#include "rules/base/utf8.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kDecimalDigits = "0123456789";
constexpr std::string_view kHexCharacters = "0123456789abcdefABCDEF";

// Each of these functions parses one element of JSON's grammar at offset `at`. It returns the
// offset after the element, or npos if there is no such element.

std::size_t behind_digits(std::string_view text, std::size_t at) {
  const auto end = std::min(text.find_first_not_of(kDecimalDigits, at), text.size());
  return end == at ? text.npos : end;
}

std::size_t behind_number(std::string_view text, std::size_t at) {
  if (text.substr(at).starts_with('-')) ++at;
  // A number with several digits must not begin with 0.
  at = text.substr(at).starts_with('0') ? at + 1 : behind_digits(text, at);
  if (at != text.npos && text.substr(at).starts_with('.')) at = behind_digits(text, at + 1);
  if (at == text.npos || at == text.size() || (text[at] != 'e' && text[at] != 'E')) return at;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  return behind_digits(text, at);
}

std::size_t behind_escape(std::string_view text, std::size_t at) {
  if (++at == text.size()) return text.npos;
  if (text[at] != 'u') {
    return std::string_view("\"\\/bfnrt").find(text[at]) != text.npos ? at + 1 : text.npos;
  }
  const auto code = text.substr(at + 1, 4);
  const bool hex = code.size() == 4 && code.find_first_not_of(kHexCharacters) == code.npos;
  return hex ? at + 5 : text.npos;
}

std::size_t behind_text(std::string_view text, std::size_t at) {
  if (text[at] != '"') return text.npos;
  ++at;
  while (at < text.size() && text[at] != '"') {
    if (static_cast<unsigned char>(text[at]) < 0x20) return text.npos;
    at = text[at] == '\\' ? behind_escape(text, at) : at + 1;
  }
  return at < text.size() ? at + 1 : text.npos;
}

// Parses a value that is neither an object nor an array.
std::size_t behind_scalar(std::string_view text, std::size_t at) {
  constexpr std::array<std::string_view, 3> kWords{"true", "false", "null"};
  for (const auto word : kWords) {
    if (text.substr(at).starts_with(word)) return at + word.size();
  }
  return text[at] == '"' ? behind_text(text, at) : behind_number(text, at);
}

std::size_t next_token(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(" \t\r\n", at), text.size());
}

// Reads the tokens of a text, one after the other.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {
    constexpr std::string_view kMark = "\xef\xbb\xbf";
    if (text.starts_with(kMark)) at_ = kMark.size();
  }

  bool read_all() {
    while ((at_ = next_token(text_, at_)) < text_.size()) {
      if (!read_token() || at_ > text_.size()) return false;
    }
    return wants_ == Wants::kNext && open_.empty();
  }

 private:
  enum class Wants { kValue, kValueOrEnd, kName, kNameOrEnd, kNext };

  bool read_token() {
    const char c = text_[at_];
    switch (wants_) {
      case Wants::kNameOrEnd:
        return c == '}' ? close() : read_name();
      case Wants::kName:
        return read_name();
      case Wants::kValueOrEnd:
        return c == ']' ? close() : read_value();
      case Wants::kValue:
        return read_value();
      case Wants::kNext:
        break;
    }
    if (open_.empty()) return false;
    const bool object = open_.back() == '{';
    if (c == (object ? '}' : ']')) return close();
    wants_ = object ? Wants::kName : Wants::kValue;
    ++at_;
    return c == ',';
  }
  bool read_name() {
    at_ = behind_text(text_, at_);
    if (at_ == text_.npos) return false;
    at_ = next_token(text_, at_);
    wants_ = Wants::kValue;
    return at_ < text_.size() && text_[at_++] == ':';
  }
  bool read_value() {
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      open_ += c;
      wants_ = c == '{' ? Wants::kNameOrEnd : Wants::kValueOrEnd;
      ++at_;
      return true;
    }
    at_ = behind_scalar(text_, at_);
    wants_ = Wants::kNext;
    return at_ != text_.npos;
  }
  bool close() {
    open_.pop_back();
    wants_ = Wants::kNext;
    ++at_;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Wants wants_ = Wants::kValue;
  std::string open_;  // the objects and arrays that are open, as their first characters
};

}  // namespace

bool is_json(std::string_view text) { return is_utf8(text) && JsonReader(text).read_all(); }

}  // namespace brownout::rules
