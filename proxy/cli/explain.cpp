// brownout explain: shows which rules would act on a connection, and why the others would not.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/cli/commands.h"
#include "proxy/cli/explain_options.h"
#include "proxy/cli/rule_file.h"
#include "proxy/formats/json_text.h"
#include "proxy/intercept/packet_filter.h"
#include "proxy/net/syn_filter.h"
#include "rules/base/find_named.h"
#include "rules/language/decrypted.h"
#include "rules/language/syn_listener.h"

namespace brownout::cli {
namespace {

std::optional<rules::Config> read_for(const ExplainOptions& options) {
  if (!options.for_exec) return load(options.path);
  const auto text = read_text(options.path);
  proxy::IncludedFiles files;
  return text ? parse_for_exec(options.path, *text, files) : std::nullopt;
}

// Checks that the listener's protocol can have what the options describe, for example a URL.
// Returns no error for an unknown listener.
rules::Result<void> fits(const rules::Config& config, const rules::Asked& asked) {
  const auto* listener = rules::find_named(config.listeners, asked.listener);
  if (listener == nullptr) return {};
  return options_fit(asked, *listener);
}

// Returns text about the server with which rules with a destination or a port were compared.
std::string server_text(const rules::FlowFacts& flow) {
  if (flow.carrier == rules::Carrier::kDns || flow.destination_port == 0) return {};
  const auto port = std::to_string(flow.destination_port);
  return flow.destination
             ? ", server " + to_text(*flow.destination, flow.destination_port)
             : ", port " + port + " of a server whose address is looked up at the connect";
}

// Returns the mechanisms with which this process can drop SYNs. Tries nftables only if a rule needs
// it.
rules::SynWays ways_here(const rules::Config& config, const std::string& name, bool for_exec) {
  // `exec` has all capabilities in its own network namespace.
  if (for_exec) return {.filters = true, .own_network = true, .packets = true};
  rules::SynWays ways{.filters = proxy::kernel_filters_sockets()};
  const auto set = rules::RuleSet::activate(config.rules, 0, rules::Instant{});
  const auto* listener = rules::find_named(config.listeners, name);
  const bool needed = listener != nullptr && may_need_packets(*set, *listener, false);
  proxy::OwnPacketFilter filter;
  ways.packets = needed && can_change(filter);
  return ways;
}

using Explanations = std::vector<rules::Explanation>;

std::int64_t acting_among(const Explanations& answers) {
  return std::count_if(answers.begin(), answers.end(),
                       [](const auto& answer) { return answer.acts; });
}

// `tls` says whether the connection is decrypted; may be empty.
void print_explanations(const rules::Asked& asked, const rules::Question& question,
                        const Explanations& answers, const std::string& tls) {
  fmt::print("Connection {} to listener {}{}{}: {} of {} {}\n", asked.ordinal, asked.listener,
             asked.client.empty() ? "" : " from " + asked.client, server_text(question.flow),
             acting_among(answers), rules::count_of(answers.size(), "rule"),
             answers.size() == 1 ? "acts" : "act");
  if (!tls.empty()) fmt::print("  TLS {}\n", tls);
  std::size_t width = 4;
  std::size_t fault_width = 16;
  for (const auto& answer : answers) {
    width = std::max(width, answer.rule.size());
    fault_width = std::max(fault_width, answer.fault.size());
  }
  int order = 0;
  for (const auto& answer : answers) {
    const auto mark = answer.acts ? fmt::format("{:>3}.", ++order) : std::string("  - ");
    fmt::print("{} {:<{}}  {:<{}} {}\n", mark, answer.rule, width, answer.fault, fault_width,
               answer.why);
  }
}

void print_explanations_as_json(const rules::Asked& asked, const rules::Question& question,
                                const Explanations& answers, const std::string& tls) {
  using ExplainJson = nlohmann::ordered_json;
  ExplainJson report{{"listener", asked.listener},
                     {"connection", asked.ordinal},
                     {"acting", acting_among(answers)},
                     {"rules", ExplainJson::array()}};
  const auto& flow = question.flow;
  if (flow.client) report["client"] = to_text(*flow.client, flow.client_port);
  if (!tls.empty()) report["tls"] = tls;
  if (flow.destination) report["server"] = to_text(*flow.destination, flow.destination_port);
  for (const auto& answer : answers) {
    report["rules"].push_back({{"name", answer.rule},
                               {"acts", answer.acts},
                               {"fault", answer.fault},
                               {"why", answer.why}});
  }
  fmt::print("{}\n", codecs::json_text(report, 1));
}

}  // namespace

int explain(const ExplainOptions& options) {
  const auto config = read_for(options);
  if (!config) return kBadInput;
  if (const auto fit = fits(*config, options.asked); !fit) return fail(fit.error());
  auto asked = options.asked;
  asked.syn_ways = ways_here(*config, asked.listener, options.for_exec);
  const auto posed = rules::pose(*config, asked);
  if (!posed) {
    fmt::print(stderr, "error: --{}\n", describe(posed.error()));
    return kBadInput;
  }
  const auto& question = (*posed)->question;
  const auto answers = rules::explain(*config, question);
  const auto tls = rules::explain_tls(*config, question);
  if (options.output == "json") {
    print_explanations_as_json(options.asked, question, answers, tls);
  } else {
    print_explanations(options.asked, question, answers, tls);
  }
  return 0;
}

}  // namespace brownout::cli
