#include "proxy/draft/sources.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proxy/draft/seen.h"
#include "proxy/formats/json_text.h"
#include "rules/base/list_text.h"

namespace brownout::draft {
namespace {

constexpr std::array kSources{std::pair<std::string_view, Source>{"flows", Source::kFlows},
                              std::pair<std::string_view, Source>{"toxiproxy", Source::kToxiproxy},
                              std::pair<std::string_view, Source>{"tc", Source::kNetem},
                              std::pair<std::string_view, Source>{"envoy", Source::kEnvoy}};

// Returns the first line that is not blank.
std::string_view first_line(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  return text.substr(0, text.find('\n'));
}

bool is_flow_or_event(std::string_view line) {
  const auto json = codecs::read_json(line);
  return json && json->is_object() &&
         (json->contains("destination") || json->contains("client") || json->contains("event") ||
          (json->contains("listener") && json->contains("flow")));
}

bool has_word(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

}  // namespace

std::vector<std::string> source_names() {
  std::vector<std::string> names;
  for (const auto& [name, source] : kSources) names.emplace_back(name);
  return names;
}

std::optional<Source> source_named(std::string_view name) {
  for (const auto& [known, source] : kSources) {
    if (known == name) return source;
  }
  return std::nullopt;
}

rules::Result<Source> source_of(std::string_view text) {
  const auto line = first_line(text);
  if (is_flow_or_event(line)) return Source::kFlows;
  if (has_word(text, "HTTPFault") || has_word(text, "envoy.")) return Source::kEnvoy;
  const bool json = line.starts_with('[') || line.starts_with('{');
  if (json && has_word(text, "\"upstream\"")) return Source::kToxiproxy;
  if (!json && has_word(text, "netem")) return Source::kNetem;
  std::vector<std::string_view> names;
  for (const auto& [name, source] : kSources) names.push_back(name);
  return rules::config_error(
      "init does not recognise the kind of this file",
      "init reads Brownout's flows, Toxiproxy's configuration, tc commands with netem, and Envoy's "
      "configuration with a fault filter; give the kind with --format " +
          rules::list_text(names));
}

rules::Result<Draft> draft_of(Source source, std::string_view text, const Place& place) {
  switch (source) {
    case Source::kToxiproxy:
      return draft_of_toxiproxy(text);
    case Source::kNetem:
      return draft_of_netem(text, place);
    case Source::kEnvoy:
      return draft_of_envoy(text, place);
    case Source::kFlows:
      break;
  }
  const auto seen = read_seen(text);
  if (!seen) return tl::unexpected(seen.error());
  return draft_of_flows(*seen);
}

}  // namespace brownout::draft
