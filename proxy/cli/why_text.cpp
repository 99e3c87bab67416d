#include "proxy/cli/why_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proxy/cli/ctl_tables.h"
#include "proxy/formats/json_text.h"
#include "rules/base/terminal_text.h"
#include "rules/base/units.h"

namespace brownout::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLeastFault = 16;  // least width of the column of faults

// Keys that what_text() leaves out: other columns show them, or they say little to a reader.
constexpr std::string_view kElsewhere[] = {
    "time",   "seed",  "rule",     "fault",   "listener",    "flow",        "client",
    "method", "path",  "status",   "request", "qname",       "qtype",       "direction",
    "action", "bytes", "delay_ms", "ordinal", "draw",        "probability", "times",
    "event",  "why",   "host",     "ja3",     "destination", "transport"};

std::string written(const Json& value) {
  return value.is_string() ? value.get<std::string>() : codecs::json_text(value);
}

// Returns what a rule acted on: "GET /login 503", "example.org A" or "packet=publish topic=home/1".
std::string what_text(const Json& entry) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " ") + part; };
  for (const auto* key : {"method", "path", "status", "qname", "qtype"}) {
    if (entry.contains(key)) add(written(entry.at(key)));
  }
  for (const auto& [key, value] : entry.items()) {
    const bool elsewhere =
        std::find(std::begin(kElsewhere), std::end(kElsewhere), key) != std::end(kElsewhere);
    if (!elsewhere) add(key + "=" + written(value));
  }
  return text;
}

// Returns what a rule did: "latency: delay 300 ms downstream, 17 times".
std::string done_text(const Json& entry) {
  if (!entry.contains("fault")) return entry.value("event", "") + ": " + entry.value("why", "");
  auto text = entry.value("fault", "") + ": " + entry.value("action", "");
  if (entry.contains("delay_ms")) text += fmt::format(" {:g} ms", entry.value("delay_ms", 0.0));
  if (entry.contains("direction")) text += " " + entry.value("direction", "");
  const auto times = entry.value("times", std::uint64_t{1});
  if (times > 1) text += fmt::format(", {} times", times);
  return text;
}

std::string draw_text(const Json& entry) {
  const auto probability = entry.value("probability", "");
  if (!entry.contains("draw")) return probability;
  return fmt::format("{:.3f} < {}", entry.value("draw", 0.0), probability);
}

std::string rules_text(const Json& rules) {
  std::size_t width = 4;
  std::size_t fault_width = kLeastFault;
  std::size_t acting = 0;
  for (const auto& rule : rules) {
    width = std::max(width, rules::printable(rule.value("rule", "")).size());
    fault_width = std::max(fault_width, rule.value("fault", "").size());
    acting += rule.value("acts", false) ? 1 : 0;
  }
  auto text =
      fmt::format("\nOn the next connection, request or message like this, {} of {} {}:\n", acting,
                  rules::count_of(rules.size(), "rule"), rules.size() == 1 ? "acts" : "act");
  for (const auto& rule : rules) {
    text += fmt::format("  {} {:<{}}  {:<{}} {}\n", rule.value("acts", false) ? "*" : "-",
                        rules::printable(rule.value("rule", "")), width, rule.value("fault", ""),
                        fault_width, rules::printable(rule.value("why", "")));
  }
  return text;
}

}  // namespace

std::string why_text(const Json& answer) {
  std::string text;
  if (answer.value("halted", false)) text += "HALTED: all faults are off (`brownout ctl resume`)\n";
  std::vector<std::vector<std::string>> rows{
      {"TIME (UTC)", "FLOW", "CLIENT", "WHAT", "RULE", "DONE", "DRAW"}};
  const auto& entries = answer.at("entries");
  for (const auto& entry : entries) {
    const auto time = entry.value("time", "");
    rows.push_back({time.size() > 23 ? time.substr(11, 12) : time,
                    entry.value("listener", "") + "#" + written(entry.value("flow", Json(0))),
                    entry.value("client", ""), what_text(entry), entry.value("rule", ""),
                    done_text(entry), draw_text(entry)});
  }
  if (entries.empty()) {
    text += "no rule acted on a connection, request or message that these options select\n";
  } else {
    text += aligned(std::move(rows));
    const auto total = answer.value("total", std::uint64_t{0});
    if (total > entries.size()) {
      text += fmt::format("these are the newest {} of {} entries; --limit shows more\n",
                          entries.size(), total);
    }
  }
  if (answer.contains("rules")) text += rules_text(answer.at("rules"));
  return text;
}

}  // namespace brownout::cli
