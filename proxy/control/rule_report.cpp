#include "proxy/control/rule_report.h"

#include <fmt/core.h>

#include <algorithm>

namespace brownout::proxy {
namespace {

// Nobody reads more: of more rules, those that matched nothing are only counted.
constexpr std::size_t kMostRows = 50;

}  // namespace

std::string rule_table(const rules::RuleSet& set) {
  if (set.rules().empty()) return {};
  std::size_t width = 4;
  for (const auto& rule : set.rules()) width = std::max(width, rule->name.size());
  std::string text = fmt::format("{:<{}}  {:<16} {:>10} {:>10} {:>10}\n", "rule", width, "fault",
                                 "matched", "sampled", "injected");
  std::size_t left_out = 0;
  for (const auto& rule : set.rules()) {
    const auto& state = *rule->state;
    if (set.rules().size() > kMostRows && state.matched.load() == 0) {
      ++left_out;
      continue;
    }
    text +=
        fmt::format("{:<{}}  {:<16} {:>10} {:>10} {:>10}\n", rule->name, width, rule->kind->name,
                    state.matched.load(), state.sampled.load(), state.injected.load());
    const auto status = state.shared ? state.shared->status() : std::string();
    if (!status.empty()) text += fmt::format("{:<{}}  {}\n", "", width, status);
  }
  if (left_out > 0) text += fmt::format("and {} rules that matched nothing\n", left_out);
  return text;
}

std::vector<std::string> never_matched(const rules::RuleSet& set) {
  std::vector<std::string> names;
  for (const auto& rule : set.rules()) {
    if (rule->state->matched.load() == 0 && !rule->may_miss) names.push_back(rule->name);
  }
  return names;
}

}  // namespace brownout::proxy
