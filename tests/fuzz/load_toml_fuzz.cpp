// Fuzzes rule files with any text. Each loads and can be used, or is rejected with errors that can
// be printed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rules/engine/rule_set.h"
#include "rules/language/explain.h"
#include "rules/language/load_toml.h"

using namespace brownout::rules;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = load_toml(text);
  if (!config) {
    if (config.error().empty() || render(config.error(), "fuzz", text).empty()) std::abort();
    return 0;
  }
  for (const auto& rule : config->rules) {
    if (rule.name.empty() || rule.kind == nullptr || !rule.fault) std::abort();
  }
  const auto set = RuleSet::activate(config->rules, 1, Instant{});
  explain(*config, {.flow = {.listener = config->listeners.empty() ? "" : config->listeners[0].name,
                             .ordinal = 1,
                             .client = IpAddress::parse("10.1.2.3"),
                             .destination = {},
                             .opened = {}},
                    .at = {},
                    .seed = 1});
  return 0;
}
