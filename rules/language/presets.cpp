#include "rules/language/presets.h"

#include <array>

#include "rules/base/find_named.h"

namespace brownout::rules {
namespace {

constexpr std::string_view kSitespeed = "sitespeed.io throttle";
constexpr std::string_view kComcast = "Comcast (tylertreat), its delay taken as the round trip";
constexpr std::string_view kChrome = "Chrome DevTools";
constexpr std::string_view kLighthouse = "Lighthouse";

constexpr std::array<Preset, 21> kPresets{{
    {"3g", "768 kbit/s", "1600 kbit/s", "150ms", "", kSitespeed},
    {"3g-fast", "768 kbit/s", "1600 kbit/s", "75ms", "", kSitespeed},
    {"3g-slow", "400 kbit/s", "400 kbit/s", "200ms", "", kSitespeed},
    {"2g", "256 kbit/s", "280 kbit/s", "400ms", "", kSitespeed},
    {"edge", "200 kbit/s", "240 kbit/s", "420ms", "", kSitespeed},
    {"dsl", "384 kbit/s", "1500 kbit/s", "25ms", "", kSitespeed},
    {"cable", "1 Mbit/s", "5 Mbit/s", "14ms", "", kSitespeed},
    {"4g", "9 Mbit/s", "9 Mbit/s", "85ms", "", kSitespeed},
    {"lte", "12 Mbit/s", "12 Mbit/s", "35ms", "", kSitespeed},
    {"dial", "30 kbit/s", "49 kbit/s", "60ms", "", kSitespeed},
    {"satellite-leo", "", "", "20ms", "2.5%", kComcast},
    {"satellite-geo", "", "", "558ms", "", "RFC 2488, 2: the propagation alone, by one satellite"},
    {"satellite", "", "", "20ms", "2.5%", "the former name of satellite-leo"},
    {"lossy-wifi", "30 Mbit/s", "30 Mbit/s", "40ms", "0.2%", kComcast},
    {"gprs", "50 kbit/s", "50 kbit/s", "500ms", "2%", kComcast},
    {"dsl-poor", "2 Mbit/s", "2 Mbit/s", "70ms", "2%", kComcast},
    {"chrome-3g", "500 kbit/s", "500 kbit/s", "400ms", "", kChrome},
    {"chrome-slow-4g", "750 kbit/s", "1.6 Mbit/s", "150ms", "", kChrome},
    {"lighthouse-slow-4g", "", "1638.4 kbit/s", "150ms", "", kLighthouse},
    {"lighthouse-3g", "", "700 kbit/s", "300ms", "", kLighthouse},
    {"very-bad", "1 Mbit/s", "1 Mbit/s", "1s", "10%",
     "Apple Network Link Conditioner, \"Very Bad Network\" (500 ms each way)"},
}};

Node table(Position where, std::initializer_list<std::pair<std::string_view, Node>> members) {
  Node::Table list;
  for (const auto& [key, node] : members) list.push_back({std::string(key), where, node});
  return Node{std::move(list), where};
}

}  // namespace

std::span<const Preset> all_presets() { return kPresets; }

const Preset* find_preset(std::string_view name) { return find_named(kPresets, name); }

std::vector<PresetPart> expand(const Preset& preset, Position where) {
  const auto text = [&](std::string_view value) { return Node{std::string(value), where}; };
  std::vector<PresetPart> parts;
  parts.push_back({"/latency", DirectionChoice::kBoth,
                   table(where, {{"type", text("latency")},
                                 {"delay", text(preset.round_trip)},
                                 {"round_trip", Node{true, where}}})});
  if (!preset.upload.empty()) {
    parts.push_back({"/upload", DirectionChoice::kUpstream,
                     table(where, {{"type", text("bandwidth")}, {"rate", text(preset.upload)}})});
  }
  if (!preset.download.empty()) {
    parts.push_back({"/download", DirectionChoice::kDownstream,
                     table(where, {{"type", text("bandwidth")}, {"rate", text(preset.download)}})});
  }
  if (!preset.loss.empty()) {
    parts.push_back({"/loss", DirectionChoice::kBoth,
                     table(where, {{"type", text("loss")}, {"loss", text(preset.loss)}})});
  }
  return parts;
}

}  // namespace brownout::rules
