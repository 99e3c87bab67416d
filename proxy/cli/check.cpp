// brownout check: every mistake in a rule file.
#include <fmt/core.h>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"

namespace brownout::cli {

int check(const std::string& path, bool for_exec) {
  const auto text = read_text(path);
  if (!text) return kBadInput;
  const auto config = for_exec ? parse_for_exec(path, *text) : parse(path, *text);
  if (!config) return kBadInput;
  const auto count = [](std::size_t n, std::string_view what) {
    return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
  };
  fmt::print("{}: ok: {}, {}, {}\n", path, count(config->listeners.size(), "listener"),
             count(config->upstreams.size(), "upstream"), count(config->rules.size(), "rule"));
  // Nobody should find that out in a rehearsal.
  for (const auto& listener : config->listeners) {
    if (!rules::has_requests(listener.protocol)) continue;
    fmt::print("{}: note: listener {}: HTTP/2 passes through untouched; rules act on HTTP/1\n",
               path, rules::in_quotes(listener.name));
  }
  return 0;
}

}  // namespace brownout::cli
