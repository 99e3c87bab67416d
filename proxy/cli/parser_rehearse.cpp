#include "proxy/cli/parser_rehearse.h"

#include "proxy/cli/output_option.h"

namespace brownout::cli {
namespace {

void add_pages(CLI::App& command, PageOptions& pages) {
  command.add_option("--html", pages.html, "also write a page to this file");
  command.add_option("--markdown", pages.markdown, "also write Markdown to this file");
}

}  // namespace

void add_rehearse(CLI::App& app, RehearsalLine& line, int& exit_code) {
  auto& options = line.rehearse;
  auto* command = app.add_subcommand(
      "rehearse", "Run a timed outage with synthetic users, and say whether failover worked");
  command
      ->add_option("outage", options.path,
                   "the file (TOML) with [scenario], [[phase]] and [[probe]]")
      ->required();
  command->add_flag("--ci", options.ci,
                    "print less, and treat a rule that matches nothing as a failed expectation");
  command->add_flag("--force", options.force, "start even if the steady state is not met");
  auto* embedded =
      command
          ->add_option("--embedded", options.embedded,
                       "use embedded servers in place of the servers in the file: well, or badly "
                       "(no redundancy, and clients that do not fail over)")
          ->check(CLI::IsMember({"well", "badly"}));
  command
      ->add_flag("--virtual-time", options.virtual_time,
                 "with --embedded: skip all waiting, so that minutes of the scenario take a second "
                 "(probes of the kinds tcp, http, websocket, dns and tls)")
      ->needs(embedded);
  auto* folder = command->add_option(
      "--report", options.report,
      "the folder for report.html, report.json, junit.xml and summary.md; \"\" writes none (a new "
      "folder in report/ for each run)");
  command->add_option("--api", options.api,
                      "where the dashboard and the API listen during the rehearsal; off for none "
                      "(127.0.0.1:8474 if it is free; none with --ci or --virtual-time)");
  command->add_option("--token-file", options.token_file,
                      "require the first line of this file as the token for the API");
  add_output(*command, options.output);
  command->add_flag("--replay", options.replay,
                    "the file is a report.json: run the rehearsal that it describes again");
  command->callback([&line, &exit_code, folder] {
    line.rehearse.report_per_run = folder->count() == 0;
    exit_code = rehearse(line.rehearse);
  });

  auto* report = app.add_subcommand("report", "Work with the reports of rehearsals");
  report->require_subcommand(1);
  auto* compare = report->add_subcommand(
      "compare", "Compare the values of two reports, and say which got better or worse");
  compare->add_option("before", line.compare.before, "a report.json, or its folder")->required();
  compare->add_option("after", line.compare.after, "a later report.json, or its folder")
      ->required();
  compare->add_option("--max-regression", line.compare.max_regression,
                      "how much worse a value may be before the exit code is 1; differences below "
                      "10 ms (latencies) or 100 ms of real time (other times) do not count");
  add_pages(*compare, line.compare.pages);
  add_output(*compare, line.compare.output);
  compare->callback([&line, &exit_code] { exit_code = report_compare(line.compare); });

  auto* trend =
      report->add_subcommand("trend", "Show how the values of expectations change over many runs");
  trend->add_option("folders", line.folders, "folders with reports (report)");
  trend->add_option("--metric", line.metric,
                    "only expectations with this name or metric, e.g. availability");
  add_pages(*trend, line.pages);
  add_output(*trend, line.output);
  trend->callback([&line, &exit_code] {
    exit_code = report_trend(line.folders, line.metric, line.pages, line.output);
  });
}

}  // namespace brownout::cli
