// Two reports of the same rehearsal: what got better, what got worse.
#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "proxy/rehearsal/report.h"

namespace brownout::rehearsal {
namespace {

using nlohmann::json;

const json* find(const json& report, const std::string& name) {
  for (const auto& one : report["expectations"]) {
    if (one.value("name", "") == name) return &one;
  }
  return nullptr;
}

std::string number(const json& value) {
  return value.is_number() ? fmt::format("{:.4g}", value.get<double>()) : "nothing";
}

enum class Change { kSame, kBetter, kWorse };

Change change(const json& before, const json& after, double tolerance) {
  const bool had = before.value("met", false);
  const bool has = after.value("met", false);
  if (had != has) return has ? Change::kBetter : Change::kWorse;
  const auto& a = before["value"];
  const auto& b = after["value"];
  if (a.is_number() != b.is_number()) return b.is_number() ? Change::kBetter : Change::kWorse;
  if (!a.is_number()) return Change::kSame;
  const double from = a.get<double>();
  const double to = b.get<double>();
  if (std::abs(to - from) <= tolerance * std::max(std::abs(from), 1e-9)) return Change::kSame;
  return (to > from) == after.value("more_is_better", false) ? Change::kBetter : Change::kWorse;
}

}  // namespace

rules::Result<Comparison> compare(const json& before, const json& after, double tolerance) {
  if (!is_report(before) || !is_report(after)) {
    return rules::config_error("that is no report of a rehearsal",
                               "give two report.json that `brownout rehearse` wrote");
  }
  Comparison done;
  for (const auto& one : after["expectations"]) {
    const auto name = one.value("name", "");
    const auto* old = find(before, name);
    if (old == nullptr) {
      done.text += fmt::format("{:<8} {}\n", "new", name);
      continue;
    }
    const auto how = change(*old, one, tolerance);
    done.regressed |= how == Change::kWorse;
    done.text += fmt::format("{:<8} {}: {} -> {}\n",
                             how == Change::kSame     ? "same"
                             : how == Change::kBetter ? "better"
                                                      : "WORSE",
                             name, number((*old)["value"]), number(one["value"]));
  }
  for (const auto& one : before["expectations"]) {
    const auto name = one.value("name", "");
    if (find(after, name) == nullptr) done.text += fmt::format("{:<8} {}\n", "gone", name);
  }
  return done;
}

}  // namespace brownout::rehearsal
