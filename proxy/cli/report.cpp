// brownout report: compares the reports of two rehearsals, and shows how values change over many.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "proxy/cli/commands.h"
#include "proxy/cli/report_folder.h"
#include "proxy/cli/rule_file.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/read_file.h"
#include "proxy/observe/console.h"
#include "proxy/rehearsal/read_report.h"
#include "proxy/rehearsal/say.h"
#include "proxy/rehearsal/trend.h"

namespace brownout::cli {
namespace {

using rehearsal::say;

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// Returns the path of the report. `path` may also be the folder that contains the report.
std::string report_in(const std::string& path) {
  return is_folder(path) ? path + "/report.json" : path;
}

// Prints an error and returns false if a page cannot be written.
bool write_pages(const PageOptions& pages, const std::string& html, const std::string& markdown) {
  for (const auto& [path, text] : {std::pair{pages.html, html}, {pages.markdown, markdown}}) {
    if (path.empty()) continue;
    if (auto why = write_file(path, text); !why.empty()) {
      complain("", {rules::Origin::kConfig, std::move(why), "choose another file"});
      return false;
    }
  }
  return true;
}

// Returns the reports in the subfolders of `folder`. Skips links: a link such as "latest" leads to
// one of these subfolders, whose report would count twice.
std::vector<std::string> reports_in(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const auto report = entry.path() / "report.json";
    if (!entry.is_symlink() && std::filesystem::exists(report, failed))
      paths.push_back(report.string());
  }
  return paths;
}

// Runs that began in the same second have the folders "...Z", "...Z-2", "...Z-10". Shorter names
// come first, so that the numbers are in order.
bool came_before(const std::string& a, const std::string& b) {
  const auto key = [](const std::string& path) {
    auto name = std::filesystem::path(path).parent_path().filename().string();
    return std::pair(name.size(), std::move(name));
  };
  return key(a) < key(b);
}

// Reads the reports in the order of came_before(). A report that cannot be read is left out, with a
// warning.
std::vector<rehearsal::ReadReport> read_reports(std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end(), came_before);
  std::vector<rehearsal::ReadReport> reports;
  for (const auto& path : paths) {
    const auto text = proxy::read_once(path);
    auto report = text ? rehearsal::parse_report(*text) : tl::unexpected(text.error());
    if (report) {
      reports.push_back(std::move(*report));
    } else {
      proxy::print_error(path + ": warning: this report is left out: " + report.error().what +
                         "\n");
    }
  }
  return reports;
}

std::string comparison_json(const rehearsal::Comparison& comparison) {
  nlohmann::ordered_json json{{"regressed", comparison.regressed},
                              {"values", nlohmann::ordered_json::array()}};
  for (const auto& row : comparison.rows) {
    json["values"].push_back(
        {{"how", row.word}, {"name", row.name}, {"before", row.before}, {"after", row.after}});
  }
  return codecs::json_text(json, 1) + "\n";
}

std::string trend_json(const rehearsal::Trend& trend) {
  nlohmann::ordered_json json{{"scenario", trend.scenario},
                              {"runs", trend.runs},
                              {"others", trend.others},
                              {"expectations", nlohmann::ordered_json::array()}};
  for (const auto& line : trend.lines) {
    auto points = nlohmann::ordered_json::array();
    for (const auto& [started, value] : line.points) {
      nlohmann::ordered_json point{{"started", started},
                                   {"measured", value.measured},
                                   {"met", value.met},
                                   {"value", nullptr}};
      if (value.value) point["value"] = *value.value;
      points.push_back(std::move(point));
    }
    json["expectations"].push_back(
        {{"name", line.name}, {"wanted", line.wanted}, {"points", std::move(points)}});
  }
  return codecs::json_text(json, 1) + "\n";
}

}  // namespace

int report_compare(const CompareOptions& options) {
  const auto& [before, after, max_regression, output, pages] = options;
  const auto tolerance = rules::parse_ratio(max_regression);
  if (!tolerance) {
    fmt::print(stderr, "error: --max-regression: {}; {}\n", tolerance.error().what,
               tolerance.error().hint);
    return kBadInput;
  }
  const auto a = read_text(report_in(before));
  const auto b = read_text(report_in(after));
  if (!a || !b) return kBadInput;
  const auto old = rehearsal::parse_report(*a);
  if (!old) complain(before, old.error());
  const auto latest = rehearsal::parse_report(*b);
  if (!latest) complain(after, latest.error());
  if (!old || !latest) return kBadInput;
  const auto done = rehearsal::compare(*old, *latest, tolerance->share());
  if (!done) {
    complain("", done.error());
    return kBadInput;
  }
  say(stdout, "{}", output == "json" ? comparison_json(*done) : done->text());
  if (!write_pages(pages, to_html(*done), to_markdown(*done))) return kBadInput;
  return done->regressed ? kFailed : 0;
}

int report_trend(const std::vector<std::string>& folders, const std::string& metric,
                 const PageOptions& pages, const std::string& output) {
  std::vector<std::string> paths;
  for (const auto& folder : folders) {
    const auto found = reports_in(folder);
    if (found.empty() && is_folder(folder) && !is_there(report_in(folder))) {
      complain(folder, {rules::Origin::kConfig,
                        "there is no report.json in this folder, nor in its subfolders",
                        "run `brownout rehearse` first, or give the folder of its reports"});
      return kBadInput;
    }
    paths.insert(paths.end(), found.begin(), found.end());
    if (found.empty()) paths.push_back(report_in(folder));
  }
  const auto trend = rehearsal::trend_of(read_reports(std::move(paths)), metric);
  if (!trend) {
    complain("", trend.error());
    return kBadInput;
  }
  say(stdout, "{}", output == "json" ? trend_json(*trend) : to_text(*trend));
  return write_pages(pages, to_html(*trend), to_markdown(*trend)) ? 0 : kBadInput;
}

}  // namespace brownout::cli
