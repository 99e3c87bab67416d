// brownout rehearse: runs a timed outage with synthetic users, and gives a verdict.
// brownout report compare: compares the reports of two rehearsals.
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
#include "proxy/control/process.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/background_writer.h"
#include "proxy/observe/console.h"
#include "proxy/rehearsal/embedded.h"
#include "proxy/rehearsal/live_view.h"
#include "proxy/rehearsal/read_report.h"
#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/say.h"
#include "proxy/rehearsal/webhooks.h"

namespace brownout::cli {
namespace {

using rehearsal::say;
using rehearsal::Webhooks;

// The rehearsal to run: a rule file, or the copy of one inside a report.
struct Source {
  std::string path;
  std::string text;
  std::optional<std::uint64_t> seed;
  rehearsal::Circumstances circumstances;
};

void complain(const std::string& where, const rules::Error& error) {
  say(stderr, "{}error: {}{}{}\n", where.empty() ? "" : where + ": ", error.what,
      error.hint.empty() ? "" : "\n     = ", error.hint);
}

// With --replay, takes the circumstances from the report unless the command line gives them.
std::optional<Source> read_source(const RehearseOptions& options) {
  Source source{options.path, options.text, std::nullopt, {options.embedded, options.virtual_time}};
  if (!source.text.empty()) return source;
  auto text = read_text(options.path);
  if (!text) return std::nullopt;
  source.text = std::move(*text);
  if (!options.replay) return source;
  auto report = rehearsal::parse_report(source.text);
  if (!report) {
    complain(options.path, report.error());
    return std::nullopt;
  }
  if (!report->path.empty()) source.path = std::move(report->path);
  source.text = std::move(report->file);
  source.seed = report->seed;
  if (options.embedded.empty()) source.circumstances = report->circumstances;
  return source;
}

std::string utc_now() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// Writes a temporary file and renames it when complete. Returns an error text, or "".
std::string write_file(const std::filesystem::path& path, const std::string& text) {
  const auto partial = path.string() + ".part";
  errno = 0;
  {
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    file << text;
    file.flush();
    if (!file) {
      const int error = errno != 0 ? errno : EIO;
      std::error_code ignored;
      std::filesystem::remove(partial, ignored);
      return path.string() + " cannot be written: " + std::strerror(error);
    }
  }
  std::error_code failed;
  std::filesystem::rename(partial, path, failed);
  if (!failed) return {};
  return path.string() + " cannot be written: " + failed.message();
}

// Checked before the outage: a report that cannot be written afterwards would be lost.
bool check_folder(const std::string& folder) {
  if (folder.empty()) return true;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const auto probe = std::filesystem::path(folder) / "report.check";
  auto why = failed ? folder + " cannot be made: " + failed.message() : write_file(probe, "\n");
  std::filesystem::remove(probe, failed);
  if (why.empty()) return true;
  complain("", {rules::Origin::kConfig, std::move(why),
                "choose another folder for the report: --report, or \"\" for none"});
  return false;
}

// Returns an error text, or "".
std::string write_reports(const rehearsal::Report& report, const std::filesystem::path& to) {
  auto why =
      write_file(to / "report.json", codecs::json_text(rehearsal::to_json(report), 1) + "\n");
  if (why.empty()) why = write_file(to / "report.html", rehearsal::to_html(report));
  if (why.empty()) why = write_file(to / "junit.xml", rehearsal::to_junit(report));
  if (why.empty()) why = write_file(to / "summary.md", rehearsal::to_markdown(report));
  return why;
}

void print_results(const rehearsal::Report& report) {
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& verdict = report.verdicts[i];
    say(stdout, "{:<12} {}: {} ({})\n", rehearsal::word_for(verdict),
        rehearsal::expectation_text(verdict),
        rehearsal::value_of(report.scenario->expectations[i], verdict), verdict.evidence);
  }
  for (const auto& rule : report.missed) {
    say(stdout,
        "{:<12} rule {} matched nothing (see `brownout explain`; may_miss = true allows it)\n",
        "NOT MET", rule);
  }
  say(stdout, "{}\n", report.headline());
}

// Exit code 1 is only for an expectation that is not met.
int exit_code(rehearsal::Result result, bool written) {
  switch (result) {
    case rehearsal::Result::kMet:
      return written ? 0 : kStopped;
    case rehearsal::Result::kNotMet:
      return kFailed;
    case rehearsal::Result::kNotMeasured:
    case rehearsal::Result::kStopped:
      break;
  }
  return kStopped;
}

rules::Result<std::unique_ptr<rehearsal::Embedded>> stand_in(
    rules::Config& config, const rehearsal::Circumstances& circumstances) {
  if (circumstances.embedded.empty()) return nullptr;
  const auto handling =
      circumstances.embedded == "badly" ? rehearsal::Handling::kBadly : rehearsal::Handling::kWell;
  const auto pace = circumstances.virtual_time ? rehearsal::Pace::kVirtual : rehearsal::Pace::kReal;
  return rehearsal::Embedded::stand_in(config, handling, pace);
}

void tell_verdicts(Webhooks& webhooks, const rehearsal::Report& report) {
  for (const auto& verdict : report.verdicts) {
    webhooks.tell(Webhooks::About::kExpectation, {{"rehearsal", report.scenario->name},
                                                  {"name", verdict.name},
                                                  {"expectation", verdict.wanted},
                                                  {"met", verdict.met},
                                                  {"measured", verdict.measured},
                                                  {"evidence", verdict.evidence}});
  }
}

int rehearse_config(rules::Config config, const Source& source, const RehearseOptions& options) {
  if (!check_folder(options.report)) return kBadInput;
  auto servers = stand_in(config, source.circumstances);
  if (!servers) {
    complain("", servers.error());
    return kBadInput;
  }
  const auto& scenario = *config.scenario;
  Webhooks webhooks(scenario.webhooks);
  const bool json = options.output == "json";
  const bool quiet = options.ci || json;
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  // During the run, output is written in the background, so that a slow terminal delays nothing.
  std::fflush(stdout);
  proxy::BackgroundWriter output(proxy::OutputFile::standard(STDOUT_FILENO), {});
  rehearsal::LiveView view(!quiet && terminal ? &output : nullptr);
  rehearsal::RunnerOptions runner_options;
  runner_options.force = options.force;
  if (*servers) runner_options.known_as = (*servers)->known_as();
  runner_options.on_tick = [&](const rehearsal::Runner& runner) { view.draw(runner); };
  runner_options.on_phase = [&](const std::string& phase) {
    webhooks.tell(Webhooks::About::kPhase, {{"rehearsal", scenario.name}, {"phase", phase}});
    if (!quiet && !terminal) output.write(phase + "\n");
  };
  runner_options.on_halt = [&](const std::string& what) {
    view.leave();
    proxy::print_error(what + "\n");
  };
  const auto started = utc_now();
  // From here until the report is written, a signal does not end the process.
  rehearsal::Runner runner(config, std::move(runner_options));
  auto course = runner.run();
  if (!course) {
    if (!complain_of_files(config, source.path, source.text)) complain("", course.error());
    return kBadInput;
  }
  auto report = rehearsal::make_report(scenario, std::move(*course), options.ci);
  report.file = source.text;
  report.path = source.path;
  report.started = started;
  report.version = BROWNOUT_VERSION;
  report.circumstances = source.circumstances;
  view.leave();
  tell_verdicts(webhooks, report);
  const auto why = options.report.empty() ? "" : write_reports(report, options.report);
  output.drain();
  if (json) {
    say(stdout, "{}\n", codecs::json_text(rehearsal::to_json(report), 1));
  } else {
    print_results(report);
  }
  if (!why.empty()) {
    say(stderr, "error: {}; the results are above\n", why);
  } else if (!options.report.empty() && !json) {
    say(stdout, "report: {}\n", (std::filesystem::path(options.report) / "report.html").string());
  }
  return exit_code(report.result(), why.empty());
}

// Accepts the folder of a report for the report itself.
std::string report_in(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) ? path + "/report.json" : path;
}

std::string comparison_json(const rehearsal::Comparison& comparison) {
  nlohmann::ordered_json json{{"regressed", comparison.regressed},
                              {"values", nlohmann::ordered_json::array()}};
  for (const auto& value : comparison.values) {
    json["values"].push_back({{"how", value.how},
                              {"name", value.name},
                              {"before", value.before},
                              {"after", value.after}});
  }
  return codecs::json_text(json, 1) + "\n";
}

}  // namespace

int rehearse(const RehearseOptions& options) {
  const auto source = read_source(options);
  if (!source) return kBadInput;
  auto config = parse(source->path, source->text);
  if (!config) return kBadInput;
  if (!config->scenario) {
    fmt::print(stderr,
               "{}: error: not a rehearsal: there is no [scenario]\n"
               "     = `brownout run` is for rules alone; see examples/outages for rehearsals\n",
               source->path);
    return kBadInput;
  }
  if (source->seed) config->seed = source->seed;
  if (const auto claimed = proxy::claim_descriptors(rehearsal::RunnerOptions().workers); !claimed) {
    return fail(claimed.error());
  }
  proxy::set_up_logging(options.ci ? "warn" : "error");
  std::signal(SIGPIPE, SIG_IGN);
  return rehearse_config(std::move(*config), *source, options);
}

int report_compare(const CompareOptions& options) {
  const auto& [before, after, max_regression, output] = options;
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
  say(stdout, "{}", output == "json" ? comparison_json(*done) : done->text);
  return done->regressed ? kFailed : 0;
}

}  // namespace brownout::cli
