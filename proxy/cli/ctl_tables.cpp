#include "proxy/cli/ctl_tables.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "rules/units.h"

namespace brownout::cli {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

// Columns as wide as they must be; numbers to the right.
std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool number =
          !row[i].empty() && row[i].find_first_not_of("0123456789.") == std::string::npos;
      line += number ? fmt::format("{:>{}}  ", row[i], widths[i])
                     : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string list_text(const Json& list) {
  if (!list.is_array()) return plain(list);
  std::string text;
  for (const auto& one : list) text += (text.empty() ? "" : ", ") + plain(one);
  return text;
}

std::string amount(const Json& bytes) {
  double value = bytes.get<double>();
  const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", static_cast<std::uint64_t>(value))
                   : fmt::format("{:.1f} {}", value, units[unit]);
}

// "latency delay=300ms"
std::string fault_text(const Json& definition) {
  if (definition.contains("preset")) return plain(definition["preset"]);
  if (!definition.contains("fault")) return "";
  std::string text = definition["fault"].value("type", "");
  for (const auto& [key, value] : definition["fault"].items()) {
    if (key != "type") text += " " + key + "=" + plain(value);
  }
  return text;
}

std::string whom(const Json& definition) {
  if (!definition.contains("match")) return "all";
  std::string text;
  for (const auto& [key, value] : definition["match"].items()) {
    text += (text.empty() ? "" : " ") + (key == "listener" ? "" : key + "=") + list_text(value);
  }
  return text;
}

std::string rules_table(const Json& rules) {
  std::vector<Row> rows{
      {"RULE", "STATE", "FAULT", "FOR", "MATCHED", "SAMPLED", "INJECTED", "SOURCE"}};
  for (const auto& rule : rules) {
    const auto* state = !rule.value("enabled", true) ? "disabled"
                        : rule.value("on", false)    ? "on"
                                                     : "off";
    const auto& definition = rule["definition"];
    rows.push_back(
        {rule.value("name", ""), state, fault_text(definition), whom(definition),
         rule["matched"].dump(), rule["sampled"].dump(), rule["injected"].dump(),
         rule.value("source", "") +
             (rule.contains("lease") ? " (lease " + rule.value("lease", "") + ")" : "")});
  }
  return aligned(rows);
}

std::string listeners_table(const Json& listeners) {
  std::vector<Row> rows{
      {"LISTENER", "ADDRESS", "UPSTREAM", "OPEN", "TOTAL", "FAILED", "UP", "DOWN"}};
  for (const auto& one : listeners) {
    const auto& definition = one["definition"];
    if (!one.contains("connections")) {
      rows.push_back({one.value("name", ""), "closed", definition.value("upstream", "")});
      continue;
    }
    const auto& connections = one["connections"];
    rows.push_back(
        {one.value("name", ""), one.value("open", false) ? one.value("address", "") : "closed",
         definition.value("upstream", definition.value("zone", "")), connections["open"].dump(),
         connections["total"].dump(), connections["connect_failed"].dump(),
         amount(one["bytes"]["upstream"]), amount(one["bytes"]["downstream"])});
  }
  return aligned(rows);
}

std::string flows_table(const Json& answer) {
  std::vector<Row> rows{{"FLOW", "CLIENT", "SERVER", "AGE", "UP", "DOWN", "HELD", "RULES"}};
  for (const auto& flow : answer["flows"]) {
    const auto held = flow["held"]["upstream"].get<std::uint64_t>() +
                      flow["held"]["downstream"].get<std::uint64_t>();
    rows.push_back({flow.value("listener", "") + "#" + flow["flow"].dump(),
                    flow.value("client", ""), flow.value("destination", ""),
                    fmt::format("{:.1f}s", flow.value("age_seconds", 0.0)),
                    amount(flow["bytes"]["upstream"]), amount(flow["bytes"]["downstream"]),
                    amount(Json(held)), list_text(flow["rules"])});
  }
  return aligned(rows);
}

std::string status_text(const Json& status) {
  auto text = fmt::format(
      "{}\nup {:.0f}s, seed {}\n{} listeners, {} rules, {} flows\n{} faults injected, {} up, {} "
      "down\n",
      status.value("halted", false) ? "HALTED: all faults are off (`brownout ctl resume`)"
                                    : "running",
      status.value("uptime_seconds", 0.0), status["seed"].dump(), status["listeners"].dump(),
      status["rules"].dump(), status["flows"].dump(), status["injected"].dump(),
      amount(status["bytes"]["upstream"]), amount(status["bytes"]["downstream"]));
  for (const auto& lease : status["leases"]) {
    text += fmt::format("lease {}: {} changes, lapses in {:.0f}s\n", lease.value("id", ""),
                        lease["changes"].dump(), lease.value("remaining_seconds", 0.0));
  }
  return text;
}

double grown(const Json& now, const Json& before, const char* direction) {
  if (before.is_null()) return 0;
  const auto at = [&](const Json& from) {
    return from["status"]["bytes"][direction].get<double>();
  };
  return at(now) - at(before);
}

}  // namespace

std::string table_of(const std::string& what, const Json& answer) {
  auto text = what == "rules"       ? rules_table(answer)
              : what == "listeners" ? listeners_table(answer)
              : what == "flows"     ? flows_table(answer)
                                    : status_text(answer);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string event_line(const Json& event) {
  if (!event.is_object()) return "";
  std::string text;
  for (const auto& [key, value] : event.items()) {
    if (key == "time") {
      text = plain(value) + " ";
    } else if (key != "seed") {
      text += " " + key + "=" + plain(value);
    }
  }
  return text;
}

std::string top_view(const Json& now, const Json& before) {
  const auto& status = now["status"];
  return fmt::format("brownout  {}{} flows | up {}/s | down {}/s | {} faults injected\n\n{}\n{}",
                     status.value("halted", false) ? "HALTED | " : "", status["flows"].dump(),
                     amount(Json(grown(now, before, "upstream"))),
                     amount(Json(grown(now, before, "downstream"))), status["injected"].dump(),
                     listeners_table(now["listeners"]), rules_table(now["rules"]));
}

}  // namespace brownout::cli
