#include "rules/language/toml_depth.h"

#include <algorithm>
#include <vector>

namespace brownout::rules {
namespace {

// DepthScanner counts nested brackets and dotted keys in TOML text. It recognizes strings and
// comments (TOML 1.0), so that it ignores the same characters as the parser.
class DepthScanner {
 public:
  explicit DepthScanner(std::string_view text) : text_(text) {}

  std::optional<Position> scan() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
      } else if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        take(c);
        if (depth() > kDeepestToml) return position();
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  // Returns the depth of a key or value at the current position: the number of enclosing tables and
  // arrays, plus the dots before it in its key.
  std::size_t depth() const { return outer_ + dots_; }

  void take(char c) {
    switch (c) {
      case '.':
        ++dots_;
        break;
      case '[':
      case '{':
        open();
        break;
      case ']':
      case '}':
        close();
        break;
      case '=':
        in_value_ = true;
        break;
      case ',':
        dots_ = 0;
        break;
      case '\n':
        end_line();
        break;
      default:
        break;
    }
  }

  void open() {
    if (open_.empty() && !in_value_) {
      header_ = true;
      outer_ = section_ = 0;
    }
    open_.push_back(outer_);
    outer_ = depth() + 1;
    dots_ = 0;
  }

  void close() {
    if (open_.empty()) return;
    if (header_) section_ = std::max(section_, depth());
    outer_ = open_.back();
    open_.pop_back();
    dots_ = 0;
  }

  // At the end of a line, a value ends, unless it is inside brackets.
  void end_line() {
    dots_ = 0;
    if (!open_.empty()) return;
    if (header_) outer_ = section_;
    header_ = in_value_ = false;
  }

  void skip_string(char quote) {
    const std::string_view three = quote == '"' ? R"(""")" : "'''";
    const bool lines = text_.substr(at_).starts_with(three);
    at_ += lines ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        at_ = std::min(at_ + 2, text_.size());
      } else if (!lines && (c == quote || c == '\n')) {
        // A line end inside a string is an error in TOML. Treat the string as ended with its line.
        at_ += c == quote ? 1 : 0;
        return;
      } else if (lines && text_.substr(at_).starts_with(three)) {
        at_ += 3;
        // Up to two quotes directly before the closing quotes belong to the string.
        for (int more = 0; more < 2 && text_.substr(at_).starts_with(quote); ++more) ++at_;
        return;
      } else {
        ++at_;
      }
    }
  }

  // Returns the position in the text. Columns count UTF-8 characters, as in the parser.
  Position position() const {
    const auto before = text_.substr(0, at_);
    const auto begin = before.rfind('\n') + 1;  // npos + 1 is 0
    const auto characters =
        std::count_if(before.begin() + static_cast<std::ptrdiff_t>(begin), before.end(),
                      [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
    return {static_cast<unsigned>(std::count(before.begin(), before.end(), '\n')) + 1,
            static_cast<unsigned>(characters) + 1};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::size_t> open_;  // for each open bracket, the value of outer_ before it
  std::size_t outer_ = 0;
  std::size_t dots_ = 0;
  bool header_ = false;      // whether the current line is a table header
  bool in_value_ = false;    // whether the scanner is after a "=" sign
  std::size_t section_ = 0;  // depth of the last table header
};

}  // namespace

std::optional<Position> too_deep(std::string_view text) { return DepthScanner(text).scan(); }

}  // namespace brownout::rules
