// brownout rehearse: a timed outage, with synthetic users and a verdict. And brownout report
// compare.
#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/control/console.h"
#include "proxy/rehearsal/embedded.h"
#include "proxy/rehearsal/live_view.h"
#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/webhooks.h"

namespace brownout::cli {
namespace {

using nlohmann::json;
using rehearsal::Webhooks;

// What `rehearse` is told to run: a file, or one that a report holds.
struct Source {
  std::string path;
  std::string text;
  std::optional<std::uint64_t> seed;
};

std::optional<Source> read_source(const RehearseOptions& options) {
  if (!options.text.empty()) return Source{options.path, options.text, std::nullopt};
  auto text = read_text(options.path);
  if (!text) return std::nullopt;
  if (!options.replay) return Source{options.path, std::move(*text), std::nullopt};
  const auto report = json::parse(*text, nullptr, false);
  if (!rehearsal::is_report(report)) {
    fmt::print(stderr, "{}: error: no report of a rehearsal (give the JSON file, report.json)\n",
               options.path);
    return std::nullopt;
  }
  return Source{report.value("path", options.path), report.value("file", ""),
                report.value("seed", std::uint64_t{0})};
}

std::string utc_now() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// Whole or not at all: a temporary file that takes the name when it is complete.
bool write_file(const std::filesystem::path& path, const std::string& text) {
  const auto partial = path.string() + ".part";
  errno = 0;
  {
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    file << text;
    file.flush();
    if (!file) {
      const int error = errno != 0 ? errno : EIO;
      fmt::print(stderr, "error: {} cannot be written: {}; the results are above\n", path.string(),
                 std::strerror(error));
      std::error_code ignored;
      std::filesystem::remove(partial, ignored);
      return false;
    }
  }
  std::error_code failed;
  std::filesystem::rename(partial, path, failed);
  if (!failed) return true;
  fmt::print(stderr, "error: {} cannot be written: {}; the results are above\n", path.string(),
             failed.message());
  return false;
}

bool write_reports(const rehearsal::Report& report, const std::string& folder) {
  if (folder.empty()) return true;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const std::filesystem::path to(folder);
  bool written = write_file(to / "report.json", rehearsal::to_json(report).dump(1) + "\n");
  written = written && write_file(to / "report.html", rehearsal::to_html(report));
  written = written && write_file(to / "junit.xml", rehearsal::to_junit(report));
  written = written && write_file(to / "summary.md", rehearsal::to_markdown(report));
  if (written) fmt::print("report: {}\n", (to / "report.html").string());
  return written;
}

void print_results(const rehearsal::Report& report) {
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& one = report.verdicts[i];
    const auto metric = report.scenario->expectations[i].metric;
    fmt::print("{:<8} {}: {} ({})\n", one.met ? "met" : "NOT MET", one.wanted,
               one.value ? rules::print_value(metric, *one.value) : "nothing", one.evidence);
  }
  for (const auto& rule : report.missed) {
    fmt::print(
        "NOT MET  rule {} matched nobody (see `brownout explain`; may_miss = true allows it)\n",
        rule);
  }
  fmt::print("{}\n", report.headline());
}

int exit_code(rehearsal::Result result) {
  switch (result) {
    case rehearsal::Result::kMet:
      return 0;
    case rehearsal::Result::kNotMet:
      return kFailed;
    case rehearsal::Result::kStopped:
      break;
  }
  return kStopped;
}

int rehearse_config(rules::Config config, const Source& source, const RehearseOptions& options) {
  std::unique_ptr<rehearsal::Embedded> servers;
  if (!options.embedded.empty()) {
    const auto handling =
        options.embedded == "badly" ? rehearsal::Handling::kBadly : rehearsal::Handling::kWell;
    auto made = rehearsal::Embedded::stand_in(config, handling);
    if (!made) {
      fmt::print(stderr, "error: {}\n", made.error().what);
      return kFailed;
    }
    servers = std::move(*made);
  }
  const auto& scenario = *config.scenario;
  Webhooks webhooks(scenario.webhooks);
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  rehearsal::LiveView view(!options.ci && terminal);
  rehearsal::RunnerOptions runner_options;
  runner_options.force = options.force;
  if (servers) runner_options.known_as = servers->known_as();
  runner_options.on_tick = [&](const rehearsal::Runner& runner) { view.draw(runner); };
  runner_options.on_phase = [&](const std::string& phase) {
    webhooks.tell(Webhooks::About::kPhase, {{"rehearsal", scenario.name}, {"phase", phase}});
    if (options.ci || terminal) return;
    fmt::print("{}\n", phase);
    std::fflush(stdout);
  };
  const auto started = utc_now();
  auto course = rehearsal::Runner(config, std::move(runner_options)).run();
  if (!course) {
    fmt::print(stderr, "error: {}\n", course.error().what);
    return course.error().origin == rules::Origin::kConfig ? kBadInput : kFailed;
  }
  auto report = rehearsal::make_report(scenario, std::move(*course), options.ci);
  report.file = source.text;
  report.path = source.path;
  report.started = started;
  report.version = BROWNOUT_VERSION;
  print_results(report);
  for (const auto& one : report.verdicts) {
    webhooks.tell(Webhooks::About::kExpectation, {{"rehearsal", scenario.name},
                                                  {"expectation", one.wanted},
                                                  {"met", one.met},
                                                  {"evidence", one.evidence}});
  }
  const bool written = write_reports(report, options.report);
  const int code = exit_code(report.result());
  return code == 0 && !written ? kFailed : code;
}

}  // namespace

int rehearse(const RehearseOptions& options) {
  const auto source = read_source(options);
  if (!source) return kBadInput;
  auto config = parse(source->path, source->text);
  if (!config) return kBadInput;
  if (!config->scenario) {
    fmt::print(stderr,
               "{}: error: no rehearsal: it has no [scenario]\n"
               "     = `brownout run` is for rules alone; see examples/outages for rehearsals\n",
               source->path);
    return kBadInput;
  }
  if (source->seed) config->seed = source->seed;
  proxy::set_up_logging(options.ci ? "warn" : "error");
  std::signal(SIGPIPE, SIG_IGN);
  return rehearse_config(std::move(*config), *source, options);
}

int report_compare(const std::string& before, const std::string& after,
                   const std::string& max_regression) {
  const auto tolerance = rules::parse_ratio(max_regression);
  if (!tolerance) {
    fmt::print(stderr, "error: --max-regression: {}\n", tolerance.error().what);
    return kBadInput;
  }
  const auto a = read_text(before);
  const auto b = read_text(after);
  if (!a || !b) return kBadInput;
  const auto done = rehearsal::compare(json::parse(*a, nullptr, false),
                                       json::parse(*b, nullptr, false), tolerance->share());
  if (!done) {
    fmt::print(stderr, "error: {}; {}\n", done.error().what, done.error().hint);
    return kBadInput;
  }
  fmt::print("{}", done->text);
  return done->regressed ? kFailed : 0;
}

}  // namespace brownout::cli
