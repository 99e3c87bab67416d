#include "proxy/rehearsal/live_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace brownout::rehearsal {
namespace {

constexpr auto kEvery = std::chrono::milliseconds(200);
constexpr std::size_t kColumns = 48;

struct Column {
  std::size_t ok = 0;
  std::size_t failed = 0;
};

// Half full blocks where some failed.
std::string bar(const std::array<Column, kColumns>& columns, bool colour) {
  std::string text;
  for (const auto& one : columns) {
    if (one.ok + one.failed == 0) {
      text += ' ';
    } else if (one.failed == 0) {
      text += colour ? "\x1b[32m#\x1b[0m" : "#";
    } else if (one.ok == 0) {
      text += colour ? "\x1b[31mx\x1b[0m" : "x";
    } else {
      text += colour ? "\x1b[33m-\x1b[0m" : "-";
    }
  }
  return text;
}

}  // namespace

std::string LiveView::compose(const Runner& runner, bool colour) {
  const auto& scenario = runner.scenario();
  const auto now = runner.now();
  std::string text;
  if (runner.phases().empty()) {
    text = fmt::format("{}: is all well before anything is broken?\n", scenario.name);
  } else {
    const auto& phase = runner.phases().back();
    const auto left = std::max(phase.end - now, Duration::zero());
    text = fmt::format("{}: {} (phase {} of {}, {} left, {} of {} in all)\n", scenario.name,
                       scenario.phases[phase.phase].name, phase.phase + 1, scenario.phases.size(),
                       rules::print_time(left), rules::print_time(std::max(now, Duration::zero())),
                       rules::print_time(scenario.length()));
  }
  const auto width = scenario.length() / static_cast<std::int64_t>(kColumns);
  for (std::uint32_t probe = 0; probe < scenario.probes.size(); ++probe) {
    std::array<Column, kColumns> columns{};
    std::size_t ok = 0;
    std::size_t all = 0;
    for (const auto& one : runner.seen().operations) {
      if (one.probe != probe || one.ended < Duration::zero()) continue;
      const auto column = std::min(static_cast<std::size_t>(one.ended / width), kColumns - 1);
      ++(one.ok ? columns[column].ok : columns[column].failed);
      ok += one.ok ? 1U : 0U;
      ++all;
    }
    const double share =
        all == 0 ? 100 : 100.0 * static_cast<double>(ok) / static_cast<double>(all);
    text += fmt::format("  {:<24} [{}] {:5.1f}% of {}\n", scenario.probes[probe].name.substr(0, 24),
                        bar(columns, colour), share, all);
  }
  return text;
}

void LiveView::draw(const Runner& runner) {
  if (!terminal_) return;
  const auto now = proxy::monotonic_now();
  if (lines_ > 0 && now - drawn_ < kEvery) return;
  drawn_ = now;
  if (lines_ > 0) fmt::print("\x1b[{}A\x1b[J", lines_);
  const auto text = compose(runner, true);
  lines_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  fmt::print("{}", text);
  std::fflush(stdout);
}

LiveView::~LiveView() {
  if (lines_ > 0) fmt::print("\n");
}

}  // namespace brownout::rehearsal
