// Named networks: `preset = "3g"` in a rule stands for latency, bandwidth and loss with documented
// figures.
//
// Sources disagree about what "3G" is, so each preset names the source of its figures. A preset
// expands to several rules that share their dice: a connection gets either all of them or none.
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
  std::string_view loss;        // "" for no loss
  std::string_view source;
};

std::span<const Preset> all_presets();
const Preset* find_preset(std::string_view name);

struct PresetPart {
  std::string suffix;  // appended to the rule's name: "/latency"
  DirectionChoice direction;
  Node fault;  // as if written in the file
};

// `where` is the position of the preset in the file, for messages.
std::vector<PresetPart> expand(const Preset& preset, Position where);

}  // namespace brownout::rules
