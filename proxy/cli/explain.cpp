// brownout explain: which rules would act on a connection, and why the others would not.
#include <fmt/core.h>

#include <algorithm>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "rules/explain.h"

namespace brownout::cli {
namespace {

// An address, with or without a port.
std::optional<rules::IpAddress> parse_address(const std::string& option, const std::string& text) {
  if (auto ip = rules::IpAddress::parse(text)) return ip;
  const auto endpoint = rules::parse_endpoint(text);
  if (endpoint && endpoint->ip()) return endpoint->ip();
  fmt::print(stderr, "error: {} {}: not an address (e.g. 10.1.2.3 or [::1]:1883)\n", option, text);
  return std::nullopt;
}

std::optional<rules::Question> ask(const ExplainOptions& options, const rules::Config& config) {
  rules::Question question;
  question.flow.listener = options.listener;
  question.flow.ordinal = options.ordinal;
  std::vector<std::string_view> names;
  for (const auto& listener : config.listeners) names.push_back(listener.name);
  if (std::find(names.begin(), names.end(), options.listener) == names.end()) {
    fmt::print(stderr, "error: --listener {}: there is no such listener; {}\n", options.listener,
               rules::suggest(options.listener, names));
    return std::nullopt;
  }
  if (!options.client.empty()) {
    question.flow.client = parse_address("--client", options.client);
    if (!question.flow.client) return std::nullopt;
  }
  if (!options.destination.empty()) {
    question.flow.destination = parse_address("--destination", options.destination);
    if (!question.flow.destination) return std::nullopt;
  }
  const auto at = rules::parse_duration(options.at);
  if (!at) {
    fmt::print(stderr, "error: --at: {}; {}\n", at.error().what, at.error().hint);
    return std::nullopt;
  }
  question.at = *at;
  question.seed = options.seed ? options.seed : config.seed;
  return question;
}

}  // namespace

int explain(const ExplainOptions& options) {
  const auto config = load(options.path);
  if (!config) return kBadInput;
  const auto question = ask(options, *config);
  if (!question) return kBadInput;
  const auto answers = rules::explain(*config, *question);
  const auto acting =
      std::count_if(answers.begin(), answers.end(), [](const auto& one) { return one.acts; });
  fmt::print("Connection {} to listener {}{}: {} of {} rules act\n", options.ordinal,
             options.listener, options.client.empty() ? "" : " from " + options.client, acting,
             answers.size());
  std::size_t width = 4;
  for (const auto& one : answers) width = std::max(width, one.rule.size());
  int order = 0;
  for (const auto& one : answers) {
    const auto mark = one.acts ? fmt::format("{:>3}.", ++order) : std::string("  - ");
    fmt::print("{} {:<{}}  {:<16} {}\n", mark, one.rule, width, one.fault, one.why);
  }
  return 0;
}

}  // namespace brownout::cli
