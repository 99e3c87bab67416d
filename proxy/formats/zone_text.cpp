#include "proxy/formats/zone_text.h"

#include <utility>

#include "rules/base/terminal_text.h"
#include "rules/base/valid_text.h"

namespace brownout::codecs {
namespace {

constexpr std::size_t kMostQuoted = 120;

bool is_zone_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

class ZoneSplitter {
 public:
  explicit ZoneSplitter(rules::Diagnostics& problems) : problems_(problems) {}

  void take_line(const rules::Zone::Line& line) {
    const bool several = line.text.find('\n') != std::string::npos;
    take_text(line.text, line.where, several ? "line " : "");
  }

  // Adds the lines of `text`. Messages begin with `place` and the number of the line, such as "line
  // 3: ". If `place` is empty, they begin without it.
  void take_text(std::string_view text, rules::Position where, const std::string& place) {
    unsigned number = 0;
    for (std::size_t at = 0; at <= text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      ++number;
      begin(where, place.empty() ? "" : place + std::to_string(number) + ": ");
      take(text.substr(at, end - at));
      at = end + 1;
    }
  }

  std::vector<ZoneEntry> finish() {
    if (depth_ > 0) fail("a parenthesis \"(\" is not closed", "close it with \")\"");
    return std::move(entries_);
  }

 private:
  void begin(rules::Position where, std::string place) {
    if (depth_ == 0) entry_ = {{}, false, where, std::move(place)};
  }

  void take(std::string_view line) {
    if (line.find('\0') != std::string_view::npos) {
      return fail("a line holds a NUL character", "remove it: a zone file is text");
    }
    if (depth_ == 0) entry_.owner_left_out = !line.empty() && is_zone_blank(line.front());
    bool quoted = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
      const char c = line[at];
      if (c == '\\' && at + 1 < line.size()) {
        entry_.text += c;
        entry_.text += line[++at];
      } else if (c == '"') {
        quoted = !quoted;
        entry_.text += c;
      } else if (!quoted && c == ';') {
        break;
      } else if (!quoted && (c == '(' || c == ')')) {
        if (c == ')' && depth_ == 0)
          return fail("a \")\" has no matching \"(\" before it", "remove it, or add the \"(\"");
        depth_ += c == '(' ? 1 : -1;
        entry_.text += ' ';
      } else {
        entry_.text += c;
      }
    }
    if (quoted) return fail("a quotation mark is not closed", "close it on the same line");
    if (depth_ == 0) return end();
    entry_.text += ' ';
  }

  void end() {
    auto& text = entry_.text;
    while (!text.empty() && is_zone_blank(text.back())) text.pop_back();
    std::size_t front = 0;
    while (front < text.size() && is_zone_blank(text[front])) ++front;
    text.erase(0, front);
    if (!text.empty()) entries_.push_back(std::move(entry_));
  }

  void fail(const std::string& what, const std::string& hint) {
    depth_ = 0;
    add_zone_problem(problems_, entry_, what, hint);
  }

  rules::Diagnostics& problems_;
  std::vector<ZoneEntry> entries_;
  ZoneEntry entry_{};
  int depth_ = 0;  // number of parentheses that are still open
};

}  // namespace

std::vector<ZoneEntry> zone_entries(const std::vector<rules::Zone::Line>& lines,
                                    rules::Diagnostics& problems) {
  ZoneSplitter splitter(problems);
  for (const auto& line : lines) splitter.take_line(line);
  return splitter.finish();
}

std::vector<ZoneEntry> zone_file_entries(const std::string& path, std::string_view text,
                                         rules::Position where, rules::Diagnostics& problems) {
  ZoneSplitter splitter(problems);
  splitter.take_text(text, where, rules::printable(path) + ":");
  return splitter.finish();
}

void add_zone_problem(rules::Diagnostics& problems, const ZoneEntry& entry, const std::string& what,
                      const std::string& hint) {
  if (problems.full()) return;
  problems.add(entry.where, "records: " + entry.place + quoted_word(entry.text) + ": " + what,
               hint);
}

std::string_view next_word(std::string_view& rest) {
  std::size_t end = 0;
  bool quoted = false;
  while (end < rest.size() && (quoted || !is_zone_blank(rest[end]))) {
    if (rest[end] == '"') quoted = !quoted;
    end += rest[end] == '\\' ? 2 : 1;
  }
  const auto word = rest.substr(0, end);
  rest.remove_prefix(word.size());
  while (!rest.empty() && is_zone_blank(rest.front())) rest.remove_prefix(1);
  return word;
}

std::string without_quotes(std::string_view word) {
  if (word.size() < 2 || !word.starts_with('"') || !word.ends_with('"')) return std::string(word);
  word = word.substr(1, word.size() - 2);
  std::string text;
  for (std::size_t at = 0; at < word.size(); ++at) {
    const bool escaped = word[at] == '\\' && at + 1 < word.size();
    if (escaped && word[at + 1] != '"') text += word[at];
    if (escaped) ++at;
    text += word[at];
  }
  return text;
}

std::string quoted_word(std::string_view word) {
  return rules::in_quotes(rules::printable(rules::shortened(word, kMostQuoted)) +
                          (word.size() > kMostQuoted ? "..." : ""));
}

}  // namespace brownout::codecs
