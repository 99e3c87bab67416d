#include "rules/match/read_except.h"

#include <algorithm>
#include <array>

namespace brownout::rules {
namespace {

struct Misplaced {
  std::string_view key;
  std::string_view hint;
};
constexpr std::string_view kCounting =
    "write it in match, beside `not`: it counts the matches of the whole match";
constexpr std::array kMisplaced{
    Misplaced{"not", "write the keys of the inner `not` in match itself, beside the outer `not`"},
    Misplaced{"direction", "write the other direction in match, beside `not`"},
    Misplaced{"first", kCounting},
    Misplaced{"after", kCounting},
    Misplaced{"every", kCounting},
    Misplaced{"once", kCounting},
    Misplaced{"count", kCounting},
    Misplaced{"count_per", kCounting}};

const Misplaced* misplaced(std::string_view key) {
  const auto found = std::find_if(kMisplaced.begin(), kMisplaced.end(),
                                  [&](const Misplaced& entry) { return entry.key == key; });
  return found == kMisplaced.end() ? nullptr : &*found;
}

Except read_table(const Node& node, Diagnostics& problems) {
  Except except;
  Node::Table fit;
  for (const auto& member : *node.table()) {
    if (const auto* wrong = misplaced(member.key)) {
      problems.add(member.where, in_quotes(member.key) + " cannot be inside not",
                   std::string(wrong->hint));
      continue;
    }
    except.keys.push_back(member.key);
    fit.push_back(member);
  }
  Node rest{std::move(fit)};
  rest.where = node.where;
  std::array<std::string_view, kMisplaced.size()> not_here{};
  std::transform(kMisplaced.begin(), kMisplaced.end(), not_here.begin(),
                 [](const Misplaced& entry) { return entry.key; });
  except.match = match_schema().read(rest, "not", problems, {}, not_here);
  return except;
}

}  // namespace

void read_except(const Node& node, Match& match, Diagnostics& problems) {
  if (node.array() != nullptr && !node.array()->empty()) {
    for (const auto& entry : *node.array()) {
      if (entry.array() != nullptr) return detail::not_a_table(entry, "not", problems);
      read_except(entry, match, problems);
    }
    return;
  }
  const bool empty = node.table() != nullptr ? node.table()->empty() : node.array() != nullptr;
  if (empty) {
    return problems.add(
        node.where, "not is empty, so it would exclude everything",
        "write the traffic to exclude, e.g. not = { path = \"/health\" }, or leave not out");
  }
  if (node.table() == nullptr) return detail::not_a_table(node, "not", problems);
  match.except.push_back(read_table(node, problems));
}

}  // namespace brownout::rules
