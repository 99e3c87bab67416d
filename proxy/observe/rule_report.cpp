#include "proxy/observe/rule_report.h"

#include <fmt/core.h>

#include <algorithm>

#include "rules/base/terminal_text.h"

namespace brownout::proxy {
namespace {

// Longest table that a person can read. If there are more rules, the table leaves out rules that
// matched no traffic, and only gives their number.
constexpr std::size_t kMostRows = 50;

}  // namespace

std::string rule_table(const rules::RuleSet& set) {
  if (set.rules().empty()) return {};
  std::size_t width = 4;
  for (const auto& rule : set.rules()) width = std::max(width, rules::escaped(rule->name).size());
  std::string text = fmt::format("{:<{}}  {:<16} {:>10} {:>10} {:>10}\n", "rule", width, "fault",
                                 "matched", "sampled", "injected");
  std::size_t left_out = 0;
  for (const auto& rule : set.rules()) {
    const auto& state = *rule->state;
    if (set.rules().size() > kMostRows && state.matched.load() == 0) {
      ++left_out;
      continue;
    }
    text += fmt::format("{:<{}}  {:<16} {:>10} {:>10} {:>10}\n", rules::escaped(rule->name), width,
                        rule->kind->name, state.matched.load(), state.sampled.load(),
                        state.injected.load());
    auto status = state.shared ? state.shared->status() : std::string();
    if (const auto early = state.early.load(); early > 0)
      status += rules::count_of(early, "request") + " came before the time in Retry-After was over";
    if (!status.empty()) text += fmt::format("{:<{}}  {}\n", "", width, status);
  }
  if (left_out > 0)
    text += fmt::format("and {} that matched nothing\n", rules::count_of(left_out, "rule"));
  return text;
}

}  // namespace brownout::proxy
