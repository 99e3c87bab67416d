// brownout check: reports every error in a rule file.
#include <fmt/core.h>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "rules/language/load_toml.h"

namespace brownout::cli {

int check(const std::string& path, bool for_exec) {
  const auto text = read_text(path);
  if (!text) return kBadInput;
  const auto config = parse_all(path, *text, for_exec);
  if (!config) {
    const auto document = rules::parse_toml(*text);
    if (!for_exec && document && document->find("listener") == nullptr) {
      fmt::print(stderr,
                 "A file without a [[listener]] is for `brownout exec`: `brownout check --exec {}` "
                 "reads it as exec does.\n",
                 path);
    }
    return kBadInput;
  }
  fmt::print("{}: ok: {}, {}, {}\n", path, rules::count_of(config->listeners.size(), "listener"),
             rules::count_of(config->upstreams.size(), "upstream"),
             rules::count_of(config->rules.size(), "rule"));
  // Tells at the check which HTTP versions rules can act on, so that it surprises no one later.
  for (const auto& listener : config->listeners) {
    if (!listener.protocol.has_requests()) continue;
    fmt::print("{}: note: listener {}: {}\n", path, rules::in_quotes(listener.name),
               listener.tls ? "clients of HTTP/2 are offered HTTP/1.1 only"
                            : "HTTP/2 passes through untouched; rules act on HTTP/1");
  }
  return 0;
}

}  // namespace brownout::cli
