// Named networks: `preset = "3g"` in a rule stands for latency, bandwidth and loss with documented
// figures.
//
// Sources disagree about what "3G" is, so each preset says whose figures it has. A preset becomes
// several rules that share their dice: a connection that is hit has all of them.
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
  std::string_view upload;  // rate, "" for no limit
  std::string_view download;
  std::string_view round_trip;  // latency over both directions
  std::string_view loss;        // "" for none
  std::string_view source;
};

std::span<const Preset> all_presets();
const Preset* find_preset(std::string_view name);

struct PresetPart {
  std::string suffix;  // appended to the rule's name: "/latency"
  DirectionChoice direction;
  Node fault;  // as if written in the file
};

// `where` is the place of the preset in the file, for messages.
std::vector<PresetPart> expand(const Preset& preset, Position where);

}  // namespace brownout::rules
