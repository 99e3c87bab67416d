#include "proxy/rehearsal/picture.h"

#include <fmt/core.h>

#include <algorithm>

#include "proxy/rehearsal/grouped.h"
#include "proxy/rehearsal/markup.h"

namespace brownout::rehearsal {
namespace {

constexpr double kLeft = 170;
constexpr double kWidth = 900;
constexpr double kRow = 74;
// The line of a chart is interrupted where this many steps in a row have no value.
constexpr std::size_t kLongestGap = 6;

class Picture {
 public:
  Picture(const Report& report, const Series& series) : report_(report), series_(series) {
    end_ = series.width * static_cast<std::int64_t>(series.steps);
  }

  std::string draw() {
    std::string rows;
    for (const auto& probe : series_.probes) {
      rows += availability(probe.probe, with_region(probe.region, "availability"), probe.steps);
      rows += latency(probe.steps);
    }
    for (const auto& listener : series_.traffic) {
      if (listener.total.requests() > 0) {
        rows += availability("at " + listener.listener, with_region(listener.region, "served"),
                             listener.steps);
        rows += latency(listener.steps);
      }
      if (listener.total.connections > 0) rows += connections(listener);
    }
    for (const auto& fault : series_.faults) rows += injected(fault);
    const double height = top_ + 30;
    return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"time line\">\n",
                       kLeft + kWidth + 20, height) +
           phases(height - 30) + rows + marks(height - 30) + axis(height - 30) + "</svg>\n";
  }

 private:
  double x(Duration at) const {
    const double share = static_cast<double>(at.count()) / static_cast<double>(end_.count());
    return kLeft + kWidth * std::clamp(share, 0.0, 1.0);
  }
  double x(std::size_t step) const {
    return kLeft + kWidth * static_cast<double>(step) / static_cast<double>(series_.steps);
  }
  double step_width() const { return kWidth / static_cast<double>(series_.steps); }

  std::string phases(double bottom) const {
    std::string text;
    bool shaded = false;
    std::size_t number = 0;
    for (const auto& interval : report_.course.seen.phases) {
      const auto& phase = report_.scenario->phases[interval.phase];
      const double from = x(interval.begin);
      const double to = x(interval.end);
      shaded = !shaded;
      if (shaded) {
        text += fmt::format(
            "<rect class=\"band\" x=\"{:.1f}\" y=\"0\" width=\"{:.1f}\" height=\"{}\"/>\n", from,
            to - from, bottom);
      }
      text += fmt::format(
          "<text class=\"phase\" x=\"{0:.1f}\" y=\"14\"><title>{1}: {2}</title>{3}</text>\n",
          from + 4, escaped(phase.name), rules::print_time(interval.end - interval.begin),
          escaped(phase_label(++number, phase.name, to - from)));
    }
    return text;
  }

  // Returns the number and the name of a phase, or only the number where the name does not fit. The
  // table of phases has the same numbers.
  static std::string phase_label(std::size_t number, const std::string& name, double width) {
    constexpr double kLetter = 7;
    const auto whole = std::to_string(number) + ". " + name;
    return kLetter * static_cast<double>(whole.size()) <= width ? whole : std::to_string(number);
  }

  std::string label(const std::string& first, const std::string& second) const {
    return fmt::format(
        "<text x=\"0\" y=\"{:.1f}\">{}</text><text class=\"soft\" x=\"0\" y=\"{:.1f}\">{}</text>\n"
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
        top_ + 26, escaped(rules::shortened(first, 24)), top_ + 42,
        escaped(rules::shortened(second, 26)), kLeft, kLeft + kWidth, top_ + kRow - 10,
        top_ + kRow - 10);
  }

  std::string bar(const char* kind, std::size_t step, double y, double height) const {
    if (height <= 0) return {};
    return fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\"/>", kind,
        x(step), y, step_width(), height);
  }

  static std::string with_region(const std::string& region, const std::string& what) {
    return region.empty() ? what : region + ": " + what;
  }

  std::string availability(const std::string& name, const std::string& what,
                           const std::vector<Step>& steps) {
    auto text = label(name, what);
    const double full = kRow - 20;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const auto& step = steps[i];
      const auto all = step.ok + step.failed;
      if (all == 0) continue;
      const double failed = full * static_cast<double>(step.failed) / static_cast<double>(all);
      text += bar("failed", i, top_ + 10, failed);
      text += bar("ok", i, top_ + 10 + failed, full - failed);
    }
    top_ += kRow;
    return text + "\n";
  }

  std::string latency(const std::vector<Step>& steps) {
    double most = 1;
    for (const auto& step : steps) most = std::max(most, step.p99_ms);
    auto text = label("", "");
    text += fmt::format(
        "<text x=\"0\" y=\"{:.1f}\"><tspan class=\"p50-key\">p50</tspan>, <tspan "
        "class=\"p99-key\">p99</tspan><tspan class=\"soft\"> (top {:.0f} ms)</tspan></text>\n",
        top_ + 42, most);
    text += line(steps, "line p99", &Step::p99_ms, most) + line(steps, "line", &Step::p50_ms, most);
    top_ += kRow;
    return text;
  }

  std::string line(const std::vector<Step>& steps, const char* kind, double Step::*member,
                   double most) const {
    std::string text;
    std::string points;
    std::size_t last = 0;
    const auto end = [&] {
      if (!points.empty())
        text += fmt::format("<polyline class=\"{}\" points=\"{}\"/>\n", kind, points);
      points.clear();
    };
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].*member <= 0) continue;
      if (i > last + kLongestGap) end();
      last = i;
      points += fmt::format("{:.1f},{:.1f} ", x(i) + step_width() / 2,
                            top_ + kRow - 10 - (kRow - 20) * (steps[i].*member) / most);
    }
    end();
    return text;
  }

  std::string bars(const std::vector<std::uint64_t>& values, const char* kind) const {
    std::uint64_t most = 1;
    for (const auto value : values) most = std::max(most, value);
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] == 0) continue;
      const double height =
          (kRow - 20) * static_cast<double>(values[i]) / static_cast<double>(most);
      text += bar(kind, i, top_ + kRow - 10 - height, height);
    }
    return text + "\n";
  }

  std::string injected(const FaultSeries& fault) {
    std::uint64_t total = 0;
    for (const auto count : fault.injected) total += count;
    auto what = grouped(total) + " injected";
    if (fault.early > 0) what += ", " + grouped(fault.early) + " early";
    const auto text = label(fault.rule, what) + bars(fault.injected, "fault");
    top_ += kRow;
    return text;
  }

  // Draws the number of connections of a listener, below the charts of its requests. If the
  // listener has no requests, and so no such charts, also draws its name.
  std::string connections(const TrafficSeries& traffic) {
    const auto most = *std::max_element(traffic.connections.begin(), traffic.connections.end());
    const auto rate =
        static_cast<double>(most) / std::chrono::duration<double>(series_.width).count();
    const bool alone = traffic.total.requests() == 0;
    const auto what = fmt::format("connections (top {:.3g}/s)", rate);
    const auto where = traffic.region.empty() ? "" : ", " + traffic.region;
    const auto text = label(alone ? "at " + traffic.listener + where : "", what) +
                      bars(traffic.connections, "count");
    top_ += kRow;
    return text;
  }

  std::string marks(double bottom) const {
    std::string text;
    for (const auto& mark : series_.marks) {
      text += fmt::format(
          "<line class=\"mark\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"18\" y2=\"{1}\"><title>{2} {3} "
          "at "
          "{4}</title></line>\n",
          x(mark.at), bottom, escaped(mark.probe), mark.what, rules::print_time(mark.at));
    }
    return text;
  }

  std::string axis(double y) const {
    std::string text;
    for (int i = 0; i <= 6; ++i) {
      const auto at = end_ * i / 6;
      text += fmt::format(
          "<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x(at),
          y + 18,
          i == 0   ? "start"
          : i == 6 ? "end"
                   : "middle",
          rules::print_time(at));
    }
    return text;
  }

  const Report& report_;
  const Series& series_;
  Duration end_{};
  double top_ = 20;
};

}  // namespace

std::string draw_time_line(const Report& report, const Series& series) {
  return Picture(report, series).draw();
}

std::string draw_histogram(const rules::LatencyHistogram& histogram) {
  constexpr double kBar = 6;
  constexpr double kHeight = 40;
  constexpr double kLeast = 150;   // wide enough for the numbers of the axes
  constexpr double kNumbers = 14;  // height of a line with numbers of an axis
  const auto buckets = histogram.buckets();
  if (buckets.empty()) return "-";
  std::uint64_t most = 1;
  for (const auto& bucket : buckets) most = std::max(most, bucket.count);
  std::string bars;
  double x = 0;
  for (const auto& bucket : buckets) {
    const auto height =
        std::max(1.0, kHeight * static_cast<double>(bucket.count) / static_cast<double>(most));
    bars += fmt::format(
        "<rect class=\"count\" x=\"{:.0f}\" y=\"{:.1f}\" width=\"{}\" height=\"{:.1f}\">"
        "<title>{} up to {}</title></rect>",
        x, kNumbers + kHeight - height, kBar - 1, height, grouped(bucket.count),
        rules::print_time(bucket.most));
    x += kBar;
  }
  const auto first = rules::print_time(buckets.front().most);
  const auto last = rules::print_time(buckets.back().most);
  const auto width = std::max(x, kLeast);
  const auto bottom = kNumbers + kHeight;
  auto text = fmt::format("<text class=\"soft\" x=\"0\" y=\"11\">up to {}</text>", grouped(most));
  text += fmt::format(
      "<line class=\"grid\" x1=\"0\" x2=\"{0:.0f}\" y1=\"{1:.0f}\" y2=\"{1:.0f}\"/>"
      "<text class=\"soft\" x=\"0\" y=\"{2:.0f}\">{3}</text>",
      width, bottom, bottom + kNumbers, first == last ? first : first + " to " + last);
  return fmt::format(
      "<svg class=\"histogram\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{} "
      "requests took {} to {}\">{}{}</svg>",
      width, bottom + kNumbers + 3, grouped(histogram.count()), first, last, bars, text);
}

}  // namespace brownout::rehearsal
