// brownout check: reports every error in a rule file.
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/read_file.h"
#include "rules/language/decrypted.h"
#include "rules/language/warnings.h"

namespace brownout::cli {
namespace {

using CheckJson = nlohmann::ordered_json;

// Returns notes on the limits of a valid rule file. `check` prints them, so that the limits do not
// surprise users during a rehearsal.
std::vector<std::string> notes_on(const rules::Config& config) {
  std::vector<std::string> notes;
  for (const auto& listener : config.listeners) {
    if (rules::may_decrypt(config, listener)) {
      notes.push_back("listener " + rules::in_quotes(listener.name) +
                      ": TLS is decrypted for the hosts whose requests or messages a rule can "
                      "match, and passes through encrypted for all other hosts");
    }
  }
  return notes;
}

CheckJson json_of(const rules::Diagnostics& found) {
  auto list = CheckJson::array();
  for (const auto& problem : found.sorted()) {
    list.push_back({{"line", problem.where.line},
                    {"column", problem.where.column},
                    {"what", problem.what},
                    {"hint", problem.hint}});
  }
  return list;
}

int check_as_json(const CheckOptions& options) {
  CheckJson report{{"file", options.path}, {"ok", false}};
  const auto text = proxy::read_once(options.path);
  if (!text) {
    rules::Diagnostics unreadable;
    unreadable.add({}, text.error().what, text.error().hint);
    report["errors"] = json_of(unreadable);
    fmt::print("{}\n", codecs::json_text(report, 1));
    return kBadInput;
  }
  const auto config = read_all(options.path, *text, options.for_exec);
  report["ok"] = config.has_value();
  report["errors"] = json_of(config ? rules::Diagnostics() : config.error());
  if (config) {
    report["warnings"] = json_of(rules::warnings_of(*config));
    report["notes"] = notes_on(*config);
    report["listeners"] = config->listeners.size();
    report["upstreams"] = config->upstreams.size();
    report["rules"] = config->rules.size();
  }
  fmt::print("{}\n", codecs::json_text(report, 1));
  return config ? 0 : kBadInput;
}

}  // namespace

int check(const CheckOptions& options) {
  if (options.output == "json") return check_as_json(options);
  const auto& path = options.path;
  const auto text = read_text(path);
  if (!text) return kBadInput;
  const auto config = parse_all(path, *text, options.for_exec);
  if (!config) return kBadInput;
  fmt::print("{}: ok: {}, {}, {}\n", path, rules::count_of(config->listeners.size(), "listener"),
             rules::count_of(config->upstreams.size(), "upstream"),
             rules::count_of(config->rules.size(), "rule"));
  for (const auto& note : notes_on(*config)) fmt::print("{}: note: {}\n", path, note);
  return 0;
}

}  // namespace brownout::cli
