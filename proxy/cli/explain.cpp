// brownout explain: shows which rules would act on a connection, and why the others would not.
#include <fmt/core.h>

#include <algorithm>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"

namespace brownout::cli {
namespace {

// The server against which rules with a destination or a port were matched, as text.
std::string server_text(const rules::FlowFacts& flow) {
  if (flow.carrier == rules::Carrier::kDns || flow.destination_port == 0) return {};
  const auto port = std::to_string(flow.destination_port);
  return flow.destination ? ", server " + to_text(*flow.destination, flow.destination_port)
                          : ", port " + port + " of a server by name";
}

}  // namespace

int explain(const ExplainOptions& options) {
  const auto config = load(options.path);
  if (!config) return kBadInput;
  const auto posed = rules::pose(*config, options.asked);
  if (!posed) {
    fmt::print(stderr, "error: --{}\n", posed.error().what);
    return kBadInput;
  }
  const auto& question = (*posed)->question;
  const auto answers = rules::explain(*config, question);
  const auto acting =
      std::count_if(answers.begin(), answers.end(), [](const auto& answer) { return answer.acts; });
  fmt::print("Connection {} to listener {}{}{}: {} of {} rules act\n", options.asked.ordinal,
             options.asked.listener,
             options.asked.client.empty() ? "" : " from " + options.asked.client,
             server_text(question.flow), acting, answers.size());
  std::size_t width = 4;
  for (const auto& answer : answers) width = std::max(width, answer.rule.size());
  int order = 0;
  for (const auto& answer : answers) {
    const auto mark = answer.acts ? fmt::format("{:>3}.", ++order) : std::string("  - ");
    fmt::print("{} {:<{}}  {:<16} {}\n", mark, answer.rule, width, answer.fault, answer.why);
  }
  return 0;
}

}  // namespace brownout::cli
