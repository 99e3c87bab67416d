#include "rules/base/diagnostics.h"

#include <algorithm>
#include <cctype>
#include <numeric>

#include "rules/base/utf8.h"

namespace brownout::rules {
namespace {

std::string_view line_of(std::string_view source, unsigned line) {
  for (unsigned i = 1; i < line; ++i) {
    const auto end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  return source.substr(0, source.find('\n'));
}

// Levenshtein distance in which a swap of two neighboring letters costs 1, because that is the most
// common typing error.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

// Maximum number of bytes quoted from the line with the error. A longer line is cut on both sides
// of the error.
constexpr std::size_t kMostQuoted = 160;

std::string quote_line(std::string_view source, Position where) {
  auto line = line_of(source, where.line);
  if (where.line == 0 || line.empty()) return {};
  if (line.size() > kMostQuoted) {
    const auto column = std::min<std::size_t>(where.column, line.size());
    auto begin = column > kMostQuoted / 2 ? column - kMostQuoted / 2 : 0;
    // Move forward to the first byte of a UTF-8 character. A character has at most three bytes
    // after the first; the limit matters if the line is not UTF-8.
    for (int i = 0;
         begin > 0 && i < 3 && (static_cast<unsigned char>(line[begin]) & 0xc0U) == 0x80U; ++i) {
      ++begin;
    }
    line = utf8_front(line.substr(begin), kMostQuoted);
    where.column -= static_cast<unsigned>(begin);
  }
  const auto number = std::to_string(where.line);
  const std::string margin(number.size() < 5 ? 5 - number.size() : 0, ' ');
  std::string caret;
  for (unsigned i = 1; i < where.column; ++i) {
    caret += i - 1 < line.size() && line[i - 1] == '\t' ? '\t' : ' ';
  }
  return margin + number + " | " + std::string(line) + "\n" + std::string(5, ' ') + " | " + caret +
         "^\n";
}

}  // namespace

void Diagnostics::add(Position where, std::string what, std::string hint) {
  if (full()) return;
  list_.push_back({where, std::move(what), std::move(hint)});
}

void Diagnostics::note(Position where, std::string what, std::string hint) {
  if (notes_.size() < kMost) notes_.push_back({where, std::move(what), std::move(hint)});
}

void Diagnostics::add_all(const Diagnostics& others) {
  for (const auto& other : others.list_) add(other.where, other.what, other.hint);
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  auto list = list_;
  std::stable_sort(list.begin(), list.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
  });
  return list;
}

std::string render(const Diagnostics& found, std::string_view file, std::string_view source,
                   std::string_view severity) {
  std::string text;
  for (const auto& problem : found.sorted()) {
    text += file;
    if (problem.where.line != 0) {
      text += ":" + std::to_string(problem.where.line) + ":" + std::to_string(problem.where.column);
    }
    text += ": " + std::string(severity) + ": " + problem.what + "\n" +
            quote_line(source, problem.where);
    if (!problem.hint.empty()) text += "     = " + problem.hint + "\n";
  }
  return text;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  // A single letter is not like another one.
  std::size_t best_distance = word.size() < 2 ? 1 : std::max<std::size_t>(1, word.size() / 3) + 1;
  const auto same = [&](std::string_view other) {
    return std::equal(word.begin(), word.end(), other.begin(), other.end(), [](char a, char b) {
      return std::tolower(static_cast<unsigned char>(a)) ==
             std::tolower(static_cast<unsigned char>(b));
    });
  };
  const auto in_other_case = std::find_if(candidates.begin(), candidates.end(), same);
  if (in_other_case != candidates.end()) return *in_other_case;
  for (const auto candidate : candidates) {
    const auto longer = std::max(word.size(), candidate.size());
    const auto shorter = std::min(word.size(), candidate.size());
    // The edit distance is at least the difference in length. The check avoids comparing a `word`
    // of megabytes with every candidate.
    if (longer - shorter >= best_distance) continue;
    const auto d = distance(word, candidate);
    if (d < best_distance) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

std::string suggest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string allowed;
  for (const auto candidate : candidates) {
    allowed += (allowed.empty() ? "" : ", ") + std::string(candidate);
  }
  const auto near = nearest(word, candidates);
  if (near.empty()) return "allowed: " + allowed;
  return "did you mean " + in_quotes(near) + "? (allowed: " + allowed + ")";
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace brownout::rules
