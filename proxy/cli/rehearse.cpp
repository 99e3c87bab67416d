// brownout rehearse: runs a timed outage with synthetic users, and gives a verdict.
#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "proxy/cli/commands.h"
#include "proxy/cli/rehearse_api.h"
#include "proxy/cli/report_folder.h"
#include "proxy/cli/rule_file.h"
#include "proxy/cli/verdicts.h"
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

// The rule file to rehearse: read from a file, or the copy in a report.
struct Source {
  std::string path;
  std::string text;
  std::optional<std::uint64_t> seed;
  rehearsal::Circumstances circumstances;
};

// Reads the rule file. With --replay, also takes the seed from the report, and the circumstances
// unless the command line gives them.
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
                                                  {"event", "expectation"},
                                                  {"name", verdict.name},
                                                  {"expectation", verdict.wanted},
                                                  {"met", verdict.met},
                                                  {"measured", verdict.measured},
                                                  {"evidence", verdict.evidence}});
  }
}

void tell_begin(Webhooks& webhooks, const rules::Scenario& scenario, std::uint64_t seed,
                const std::string& started) {
  webhooks.tell(Webhooks::About::kPhase, {{"rehearsal", scenario.name},
                                          {"event", "begin"},
                                          {"started", started},
                                          {"seed", seed},
                                          {"phases", scenario.phases.size()},
                                          {"length", rules::print_time(scenario.length())}});
}

void tell_end(Webhooks& webhooks, const rehearsal::Report& report, const std::string& folder) {
  const auto path = std::filesystem::path(folder);
  nlohmann::json event{{"rehearsal", report.scenario->name},
                       {"event", "end"},
                       {"seed", report.course.seed},
                       {"sentence", report.sentence()},
                       {"run", path.filename().string()}};
  if (!folder.empty()) event["report"] = (path / "report.html").string();
  webhooks.tell(Webhooks::About::kExpectation, event);
}

// Returns a description of this machine, such as "lab7 (Linux, 2 processors)".
std::string machine() {
  utsname names{};
  if (::uname(&names) != 0) return {};
  return fmt::format("{} ({}, {})", names.nodename, names.sysname,
                     rules::count_of(proxy::usable_processors(), "processor"));
}

// Performs one rehearsal: checks the folder for the report, runs the phases, and writes the report.
class Rehearsing {
 public:
  Rehearsing(rules::Config config, const Source& source, const RehearseOptions& options)
      : config_(std::move(config)), source_(source), options_(options), started_(utc_now()) {}

  int run() {
    folder_ = options_.report_per_run ? folder_of_run(options_.report, started_) : options_.report;
    if (!check_folder(folder_)) return kBadInput;
    auto servers = stand_in(config_, source_.circumstances);
    if (!servers) return refuse(servers.error());
    webhooks_ = std::make_unique<Webhooks>(scenario().webhooks);
    // During the run, output is written in the background, so that a slow terminal delays nothing.
    std::fflush(stdout);
    proxy::BackgroundWriter output(proxy::OutputFile::standard(STDOUT_FILENO), {});
    rehearsal::LiveView view(!quiet_ && terminal_ ? &output : nullptr);
    auto runner_options = follow(output, view);
    if (*servers) runner_options.known_as = (*servers)->known_as();
    // From now on the runner handles signals, so that no signal ends the process before the report
    // is written.
    rehearsal::Runner runner(config_, std::move(runner_options));
    RehearseApi api(runner, source_.text, options_);
    runner_ = &runner;
    api_ = &api;
    if (RehearseApi::wanted(options_)) runner.set_events(api.events());
    auto course = runner.run();
    if (!course) return refuse(course.error());
    view.leave();
    auto report = report_of(std::move(*course));
    const auto why = write(report);
    output.drain();
    return say_results(report, why);
  }

 private:
  const rules::Scenario& scenario() const { return *config_.scenario; }

  // Prints the reason why the rehearsal could not begin, and returns the exit code.
  int refuse(const rules::Error& error) {
    if (!complain_of_files(config_, source_.path, source_.text)) complain("", error);
    std::error_code ignored;
    if (options_.report_per_run) std::filesystem::remove(folder_, ignored);
    return kBadInput;
  }

  rehearsal::RunnerOptions follow(proxy::BackgroundWriter& output, rehearsal::LiveView& view) {
    rehearsal::RunnerOptions options;
    options.force = options_.force;
    options.on_tick = [&view](const rehearsal::Runner& runner) { view.draw(runner); };
    options.on_start = [this, &output] { return begin(output); };
    options.on_phase = [this, &output](const std::string& phase) {
      api_->begin_phase(phase);
      webhooks_->tell(Webhooks::About::kPhase,
                      {{"rehearsal", scenario().name}, {"event", "phase"}, {"phase", phase}});
      if (!quiet_ && !terminal_) output.write(phase + "\n");
    };
    options.on_halt = [&view](const std::string& what) {
      view.leave();
      proxy::print_error(what + "\n");
    };
    return options;
  }

  rules::Result<void> begin(proxy::BackgroundWriter& output) {
    if (auto served = api_->start(); !served) return served;
    if (!api_->address().empty()) {
      const auto line = "dashboard and API on " + api_->address() + "\n";
      if (json_) {
        proxy::print_error(line);
      } else {
        output.write(line);
      }
    }
    tell_begin(*webhooks_, scenario(), runner_->engine().seed(), started_);
    return {};
  }

  rehearsal::Report report_of(rehearsal::Course course) const {
    auto report = rehearsal::make_report(scenario(), std::move(course), options_.ci);
    report.file = source_.text;
    report.path = source_.path;
    report.started = started_;
    report.version = BROWNOUT_VERSION;
    report.circumstances = source_.circumstances;
    report.took = std::chrono::steady_clock::now() - begun_;
    report.machine = machine();
    return report;
  }

  // Writes the report, and notifies the webhooks. Returns an error text; "" after success.
  std::string write(const rehearsal::Report& report) {
    auto why = folder_.empty() ? std::string() : write_reports(report, folder_);
    if (why.empty() && options_.report_per_run) why = mark_latest(folder_);
    tell_verdicts(*webhooks_, report);
    tell_end(*webhooks_, report, folder_);
    return why;
  }

  int say_results(const rehearsal::Report& report, const std::string& why) {
    if (json_) {
      say(stdout, "{}\n", codecs::json_text(rehearsal::to_json(report), 1));
    } else {
      say(stdout, "{}", verdicts_text(report));
    }
    if (!why.empty()) {
      say(stderr, "error: {}; the results are above (choose another folder with --report)\n", why);
    } else if (!folder_.empty() && !json_) {
      say(stdout, "report: {}\n", (std::filesystem::path(folder_) / "report.html").string());
    }
    return exit_code(report.result(), why.empty());
  }

  rules::Config config_;
  const Source& source_;
  const RehearseOptions& options_;
  std::string started_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  std::string folder_;  // folder of the report; "" for none
  bool json_ = options_.output == "json";
  bool quiet_ = options_.ci || json_;
  bool terminal_ = ::isatty(STDOUT_FILENO) != 0;
  std::unique_ptr<Webhooks> webhooks_;
  rehearsal::Runner* runner_ = nullptr;  // set while run() is active
  RehearseApi* api_ = nullptr;           // set while run() is active
};

}  // namespace

int rehearse(const RehearseOptions& options) {
  if (!options.token_file.empty() && !RehearseApi::wanted(options)) {
    return fail(
        {rules::Origin::kConfig,
         "--token-file has no effect: it is the token of the API, and this rehearsal serves no API",
         "add --api 127.0.0.1:8474, or leave --token-file out"});
  }
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
  return Rehearsing(std::move(*config), *source, options).run();
}

}  // namespace brownout::cli
