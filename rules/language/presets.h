// Presets are named networks, or named failures of a service. `preset = "3g"` in a rule stands for
// latency, bandwidth and loss with figures from a documented source; `preset = "llm-429"` stands
// for the keys of one rule (RulePreset).
//
// Sources disagree about what "3G" is, so each preset names the source of its figures. A preset
// expands to several rules that use the same random draw, so a connection gets either all of them
// or none. Pure functions; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/match/match.h"
#include "rules/schema/node.h"

namespace brownout::rules {

struct Preset {
  std::string_view name;
  std::string_view upload = {};  // rate limit; "" if there is none
  std::string_view download = {};
  std::string_view round_trip = {};  // latency added over both directions together
  std::string_view loss = {};        // share of lost packets; "" if there is no loss
  std::string_view source;
  // Latency of each direction, in place of `round_trip`.
  std::string_view upload_delay = {};
  std::string_view download_delay = {};
  std::string_view dns_delay = {};  // latency of DNS answers alone
  // Name of a fault without keys, in place of all figures: there is no network.
  std::string_view outage = {};
};

std::span<const Preset> all_presets();
const Preset* find_preset(std::string_view name);

struct PresetPart {
  std::string suffix;  // text appended to the rule's name, for example "/latency"
  DirectionChoice direction;
  Node fault;               // the fault's table, as if written in the rule file
  std::string figure = {};  // the figure and its source, in words
  bool of_dns = false;      // acts on DNS answers alone
};

// `where` is the position of the preset in the file, for error messages.
std::vector<PresetPart> expand(const Preset& preset, Position where);

// A preset that stands for keys of the rule: its fault, and what the fault acts on.
struct RulePreset {
  std::string_view name;
  std::string_view keys;    // as TOML
  std::string_view figure;  // the effect, in words
  std::string_view source;
  bool of_streams = false;  // acts on the messages in HTTP bodies
};

std::span<const RulePreset> rule_presets();
const RulePreset* find_rule_preset(std::string_view name);
// Returns the effect of the preset and its source, in words.
std::string figure_text(const RulePreset& preset);

// Returns the names of all presets.
std::vector<std::string_view> preset_names();

// Limits a match without DNS keys to DNS queries, for the parts of a preset that act on DNS.
void select_dns(Match& match);

}  // namespace brownout::rules
