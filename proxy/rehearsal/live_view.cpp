#include "proxy/rehearsal/live_view.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "proxy/observe/console.h"
#include "rules/base/columns.h"

namespace brownout::rehearsal {
namespace {

constexpr auto kEvery = std::chrono::milliseconds(200);
constexpr std::size_t kColumns = 32;
// Width of the view: one less than the 80 columns of a terminal, so that no line wraps.
constexpr std::size_t kViewWidth = 79;
constexpr std::size_t kNameWidth = 22;

struct Column {
  std::size_t ok = 0;
  std::size_t failed = 0;
};

// Draws one character for each column. It is # if all operations succeeded, x if all failed, and -
// if some succeeded and some failed.
std::string bar(const std::array<Column, kColumns>& columns, bool colour) {
  std::string text;
  for (const auto& column : columns) {
    if (column.ok + column.failed == 0) {
      text += ' ';
    } else if (column.failed == 0) {
      text += colour ? "\x1b[32m#\x1b[0m" : "#";
    } else if (column.ok == 0) {
      text += colour ? "\x1b[31mx\x1b[0m" : "x";
    } else {
      text += colour ? "\x1b[33m-\x1b[0m" : "-";
    }
  }
  return text;
}

// Returns one line with `name` and `about`. The name is shortened to fit.
std::string headline(const std::string& name, const std::string& about) {
  const auto taken = std::min(rules::columns_of(about), kViewWidth);
  return rules::fitted(name, kViewWidth - taken) + about + "\n";
}

}  // namespace

std::string LiveView::compose(const Runner& runner, bool colour) {
  const auto& scenario = runner.scenario();
  const auto now = runner.now();
  std::string text;
  if (runner.phases().empty()) {
    text = headline(scenario.name, ": checking the steady state");
  } else {
    const auto& phase = runner.phases().back();
    const auto left = std::max(phase.end - now, Duration::zero());
    const auto name = scenario.name + ": " + scenario.phases[phase.phase].name;
    text =
        headline(name, fmt::format(" (phase {} of {}, {} left, {} of {} in all)", phase.phase + 1,
                                   scenario.phases.size(), rules::print_time(left),
                                   rules::print_time(std::max(now, Duration::zero())),
                                   rules::print_time(scenario.length())));
  }
  for (std::uint32_t probe = 0; probe < scenario.probes.size(); ++probe) {
    std::array<Column, kColumns> columns{};
    const auto& tally = runner.seen().tally.probe(probe);
    for (std::size_t i = 0; i < tally.steps.size(); ++i) {
      auto& column = columns[i * kColumns / rules::ProbeTally::kSteps];
      column.ok += tally.steps[i].ok;
      column.failed += tally.steps[i].failed;
    }
    const auto all = tally.ok + tally.failed;
    const double share =
        all == 0 ? 100 : 100.0 * static_cast<double>(tally.ok) / static_cast<double>(all);
    const auto name = rules::fitted(scenario.probes[probe].name, kNameWidth);
    const std::string gap(kNameWidth - rules::columns_of(name), ' ');
    text +=
        fmt::format("  {}{} [{}] {:5.1f}% of {}\n", name, gap, bar(columns, colour), share, all);
  }
  return text;
}

void LiveView::draw(const Runner& runner) {
  // Skips this drawing if the terminal has not taken the previous one yet: a later call draws newer
  // data.
  if (terminal_ == nullptr || !terminal_->idle()) return;
  const auto now = proxy::monotonic_now();
  if (lines_ > 0 && now - drawn_ < kEvery) return;
  drawn_ = now;
  const auto up = lines_ > 0 ? fmt::format("\x1b[{}A\x1b[J", lines_) : std::string();
  const auto text = compose(runner, proxy::uses_colour(STDOUT_FILENO));
  lines_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  terminal_->write(up + text);
}

LiveView::~LiveView() {
  if (lines_ > 0) terminal_->write("\n");
}

}  // namespace brownout::rehearsal
