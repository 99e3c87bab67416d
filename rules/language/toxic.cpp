#include "rules/language/toxic.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "rules/base/diagnostics.h"
#include "rules/base/find_named.h"

namespace brownout::rules {
namespace {

using Values = std::span<const double>;

Node text_node(std::string text) { return Node{std::move(text)}; }

Node table(std::string_view type, Node::Table keys) {
  keys.insert(keys.begin(), Member{"type", {}, text_node(std::string(type))});
  return Node{std::move(keys)};
}

std::string whole(double value) { return std::to_string(std::llround(value)); }
Member milliseconds(std::string key, double value) {
  return {std::move(key), {}, text_node(whole(value) + "ms")};
}
Member bytes(std::string key, double value) {
  return {std::move(key), {}, text_node(whole(value) + " B")};
}
Member percent(std::string key, double share) {
  auto text = std::to_string(share * 100);
  return {std::move(key), {}, text_node(text + "%")};
}

// Units of the toxic's values: ms, ms.
std::optional<Node> latency(Values values) {
  return table("latency", {milliseconds("delay", values[0]), milliseconds("jitter", values[1])});
}
// Unit of the toxic's value: KB/s (1000 bytes per second).
std::optional<Node> bandwidth(Values values) {
  return table("bandwidth", {{"rate", {}, text_node(whole(values[0] * 8) + " kbit/s")}});
}
// Unit of the toxic's value: ms.
std::optional<Node> slow_close(Values values) {
  return table("slow_close", {milliseconds("delay", values[0])});
}
// Unit of the toxic's value: ms; 0 means never.
std::optional<Node> timeout(Values values) {
  return table("timeout", {milliseconds("close_after", values[0])});
}
// Unit of the toxic's value: ms.
std::optional<Node> reset_peer(Values values) {
  return table("reset", {milliseconds("after", values[0]), {"on_data", {}, Node{true}}});
}
// Units of the toxic's values: bytes, bytes, microseconds.
std::optional<Node> slicer(Values values) {
  return table("slicer", {bytes("size", values[0]),
                          bytes("variation", values[1]),
                          {"delay", {}, text_node(whole(values[2]) + "us")}});
}
std::optional<Node> limit_data(Values values) {
  return table("limit_data", {bytes("bytes", values[0])});
}
std::optional<Node> packet_loss(Values values) {
  return table("packet_loss", {percent("loss_rate", values[0]), percent("correlation", values[1])});
}
std::optional<Node> noop(Values) { return std::nullopt; }

const std::array<ToxicKind, 9>& kinds() {
  static const std::array<ToxicKind, 9> all{{
      {"latency", {{"latency"}, {"jitter"}}, latency},
      {"bandwidth", {{"rate"}}, bandwidth},
      {"slow_close", {{"delay"}}, slow_close},
      {"timeout", {{"timeout"}}, timeout},
      {"reset_peer", {{"timeout"}}, reset_peer},
      {"slicer", {{"average_size"}, {"size_variation"}, {"delay"}}, slicer},
      {"limit_data", {{"bytes"}}, limit_data},
      {"noop", {}, noop},
      {"packet_loss", {{"loss_rate", true}, {"correlation", true}}, packet_loss},
  }};
  return all;
}

// Returns an error if a value is out of range. Messages name the attribute of the toxic, not the
// key of the fault that it becomes.
std::optional<std::string> out_of_range(const Toxic& toxic) {
  for (std::size_t i = 0; i < toxic.values.size(); ++i) {
    const auto& attribute = toxic.kind->attributes[i];
    if (toxic.values[i] < 0) return std::string(attribute.name) + " must not be negative";
    if (attribute.fraction && toxic.values[i] > 1) {
      return std::string(attribute.name) + " must be between 0 and 1";
    }
  }
  if (toxic.kind->name == "slicer" && toxic.values[0] < 1) {
    return "average_size must be at least 1";
  }
  if (toxic.kind->name == "slicer" && toxic.values[1] > toxic.values[0]) {
    return "size_variation must be at most average_size";
  }
  return std::nullopt;
}

}  // namespace

std::span<const ToxicKind> all_toxics() { return kinds(); }

const ToxicKind* find_toxic(std::string_view type) { return find_named(kinds(), type); }

Result<std::optional<Rule>> rule_of(const Toxic& toxic, const std::string& proxy) {
  if (!(toxic.toxicity >= 0 && toxic.toxicity <= 1)) {
    return config_error("toxicity must be between 0 and 1");
  }
  if (auto problem = out_of_range(toxic)) return config_error(*problem);
  const auto fault = toxic.kind->fault(toxic.values);
  if (!fault) return std::optional<Rule>();
  Diagnostics problems;
  Rule rule;
  rule.kind = find_fault(*fault->find("type")->string());
  rule.fault = rule.kind->compile(*fault, problems);
  if (!problems.empty()) return config_error(problems.sorted().front().what);
  rule.name = proxy + "/" + toxic.name;
  rule.match.listener = {proxy};
  rule.match.direction = toxic.direction == Direction::kUpstream ? DirectionChoice::kUpstream
                                                                 : DirectionChoice::kDownstream;
  rule.probability = Ratio::of(toxic.toxicity);
  rule.may_miss = true;
  rule.dice_key = rule.stage_key = key_of(rule.name);
  rule.definition =
      rule.name + " " + toxic.stream + " " + std::to_string(toxic.toxicity) + canonical(*fault);
  return std::optional<Rule>(std::move(rule));
}

}  // namespace brownout::rules
