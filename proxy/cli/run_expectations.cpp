#include "proxy/cli/run_expectations.h"

#include <algorithm>
#include <set>
#include <utility>

#include "proxy/cli/verdicts.h"
#include "proxy/loop/clock.h"
#include "proxy/observe/console.h"
#include "proxy/rehearsal/report.h"
#include "rules/rehearsal/expect_sentence.h"

namespace brownout::cli {
namespace {

// Returns the names of the rules. A preset makes several rules, such as "phones/latency"; its own
// name "phones" is also returned.
std::set<std::string> rule_names(const rules::Config& config) {
  std::set<std::string> names;
  for (const auto& rule : config.rules) {
    names.insert(rule.name);
    const auto part = rule.name.rfind('/');
    if (part != std::string::npos) names.insert(rule.name.substr(0, part));
  }
  return names;
}

}  // namespace

RunExpectations::RunExpectations() : began_(proxy::monotonic_now()) {}

std::unique_ptr<RunExpectations> RunExpectations::read(const std::vector<std::string>& sentences,
                                                       const rules::Config& config) {
  const auto names = rule_names(config);
  rules::ScenarioSurroundings around;
  around.users = false;
  around.rules.assign(names.begin(), names.end());
  for (const auto& rule : config.rules) {
    if (rule.fault->punishes()) around.punishing.push_back(rule.name);
  }
  for (const auto& listener : config.listeners) {
    around.listeners.push_back(listener.name);
    if (!listener.protocol.knows_requests()) around.without_requests.push_back(listener.name);
  }
  rules::Diagnostics problems;
  auto wanted = std::unique_ptr<RunExpectations>(new RunExpectations);
  auto& scenario = wanted->scenario_;
  scenario.name = "run";
  scenario.expectations = rules::read_sentences(sentences, around, problems);
  if (!problems.empty()) {
    std::string all;
    for (const auto& sentence : sentences) all += sentence + "\n";
    proxy::print_error(rules::render(problems, "--expect", all));
    return nullptr;
  }
  scenario.phases.emplace_back();
  return wanted;
}

proxy::FlowObserver* RunExpectations::observer() {
  const auto& all = scenario_.expectations;
  const bool watches = std::any_of(all.begin(), all.end(),
                                   [](const auto& wanted) { return wanted.about_traffic(); });
  return watches ? &traffic_ : nullptr;
}

int RunExpectations::judge(const proxy::Engine& engine) {
  const auto now = proxy::monotonic_now() - began_;
  scenario_.phases.front().length = now;
  rehearsal::Course course;
  course.seen.phases.push_back({.phase = 0, .begin = {}, .end = now});
  course.seen.traffic = traffic_.take(now);
  for (const auto& [rule, counts] : engine.injected_by_rule()) {
    course.seen.injected.push_back({now, rule, counts.injected, counts.early});
  }
  const auto report = rehearsal::make_report(scenario_, std::move(course), false);
  proxy::print_error(verdicts_text(report));
  return exit_code(report.result(), true);
}

}  // namespace brownout::cli
