#include "proxy/cli/ctl_tables.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "proxy/formats/json_text.h"
#include "rules/base/terminal_text.h"
#include "rules/base/units.h"

namespace brownout::cli {
namespace {

using Json = nlohmann::ordered_json;
using Row = std::vector<std::string>;

std::string plain(const Json& value) {
  return value.is_string() ? value.get<std::string>() : codecs::json_text(value);
}

std::string list_text(const Json& list) {
  if (!list.is_array()) return plain(list);
  std::string text;
  for (const auto& element : list) text += (text.empty() ? "" : ", ") + plain(element);
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

// Returns a fault in one line, such as "latency delay=300ms".
std::string fault_text(const Json& definition) {
  if (definition.contains("preset")) return plain(definition.at("preset"));
  if (!definition.contains("fault")) return "";
  std::string text = definition.at("fault").value("type", "");
  for (const auto& [key, value] : definition.at("fault").items()) {
    if (key != "type") text += " " + key + "=" + plain(value);
  }
  return text;
}

std::string whom(const Json& definition) {
  if (!definition.contains("match")) return "all";
  std::string text;
  for (const auto& [key, value] : definition.at("match").items()) {
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
    const auto& definition = rule.at("definition");
    rows.push_back(
        {rule.value("name", ""), state, fault_text(definition), whom(definition),
         rule.at("matched").dump(), rule.at("sampled").dump(), rule.at("injected").dump(),
         rule.value("source", "") +
             (rule.contains("lease") ? " (lease " + rule.value("lease", "") + ")" : "")});
  }
  return aligned(std::move(rows));
}

std::string listeners_table(const Json& listeners) {
  std::vector<Row> rows{
      {"LISTENER", "ADDRESS", "UPSTREAM", "OPEN", "TOTAL", "FAILED", "TURNS", "UP", "DOWN"}};
  for (const auto& listener : listeners) {
    const auto& definition = listener.at("definition");
    if (!listener.contains("connections")) {
      rows.push_back({listener.value("name", ""), "closed", definition.value("upstream", "")});
      continue;
    }
    const auto& connections = listener.at("connections");
    rows.push_back({listener.value("name", ""),
                    listener.value("open", false) ? listener.value("address", "") : "closed",
                    definition.value("upstream", definition.value("zone", "")),
                    connections.at("open").dump(), connections.at("total").dump(),
                    connections.at("connect_failed").dump(),
                    std::to_string(listener.value("turns", std::uint64_t{0})),
                    amount(listener.at("bytes").at("upstream")),
                    amount(listener.at("bytes").at("downstream"))});
  }
  return aligned(std::move(rows));
}

std::string flows_table(const Json& answer) {
  std::vector<Row> rows{{"FLOW", "CLIENT", "SERVER", "AGE", "UP", "DOWN", "HELD", "RULES"}};
  for (const auto& flow : answer.at("flows")) {
    const auto held = flow.at("held").at("upstream").get<std::uint64_t>() +
                      flow.at("held").at("downstream").get<std::uint64_t>();
    rows.push_back(
        {flow.value("listener", "") + "#" + flow.at("flow").dump(), flow.value("client", ""),
         flow.value("destination", ""), fmt::format("{:.1f}s", flow.value("age_seconds", 0.0)),
         amount(flow.at("bytes").at("upstream")), amount(flow.at("bytes").at("downstream")),
         amount(Json(held)), list_text(flow.at("rules"))});
  }
  return aligned(std::move(rows));
}

std::string count_of(const Json& object, const char* key, std::string_view noun) {
  return rules::count_of(object.at(key).get<std::uint64_t>(), noun);
}

std::string status_text(const Json& status) {
  auto text = fmt::format(
      "{}\nup {:.0f}s, seed {}\n{}, {}, {}\n{} injected, {} up, {} down\n",
      status.value("halted", false) ? "HALTED: all faults are off (`brownout ctl resume`)"
                                    : "running",
      status.value("uptime_seconds", 0.0), status.at("seed").dump(),
      count_of(status, "listeners", "listener"), count_of(status, "rules", "rule"),
      count_of(status, "flows", "flow"), count_of(status, "injected", "fault"),
      amount(status.at("bytes").at("upstream")), amount(status.at("bytes").at("downstream")));
  const auto problem = status.value("file_not_loaded", "");
  if (!problem.empty()) {
    text += "the rule file is NOT LOADED, the previous rules stay active: " +
            rules::printable(problem) + "\n";
  }
  for (const auto& lease : status.at("leases")) {
    text +=
        fmt::format("lease {}: {}, lapses in {:.0f}s\n", rules::printable(lease.value("id", "")),
                    count_of(lease, "changes", "change"), lease.value("remaining_seconds", 0.0));
  }
  return text;
}

double grown(const Json& now, const Json& before, const char* direction) {
  if (before.is_null()) return 0;
  const auto at = [&](const Json& from) {
    return from.at("status").at("bytes").at(direction).get<double>();
  };
  return at(now) - at(before);
}

}  // namespace

std::string aligned(std::vector<Row> rows) {
  for (auto& row : rows) {
    for (auto& cell : row) cell = rules::printable(cell);
  }
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

std::string table_of(const std::string& what, const Json& answer) {
  auto text = what == "rules"       ? rules_table(answer)
              : what == "listeners" ? listeners_table(answer)
              : what == "flows"     ? flows_table(answer)
                                    : status_text(answer);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string differences_text(const Json& status) {
  std::string names;
  for (const auto& change : status.value("differs_from_file", Json::array())) {
    names += (names.empty() ? "" : ", ") + change.value("kind", "") + " " +
             change.value("name", "") + " (" + change.value("how", "") + ")";
  }
  if (names.empty()) return "";
  return "the active configuration differs from the rule file: " + rules::printable(names) +
         "\n`brownout ctl reset [NAME]` restores the file's state\n";
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
  return rules::printable(text);
}

std::string top_view(const Json& now, const Json& before) {
  const auto& status = now.at("status");
  return fmt::format(
      "brownout  {}{} | up {}/s | down {}/s | {} injected\n\n{}\n{}",
      status.value("halted", false) ? "HALTED | " : "", count_of(status, "flows", "flow"),
      amount(Json(grown(now, before, "upstream"))), amount(Json(grown(now, before, "downstream"))),
      count_of(status, "injected", "fault"), listeners_table(now.at("listeners")),
      rules_table(now.at("rules")));
}

}  // namespace brownout::cli
