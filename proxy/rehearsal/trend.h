// The trend of each expectation over the runs of one scenario. Pure.
#pragma once

#include <string>
#include <vector>

#include "proxy/rehearsal/read_report.h"

namespace brownout::rehearsal {

struct TrendPoint {
  std::string started;
  ReadExpectation value;
};
struct TrendLine {
  std::string name;
  std::string wanted;
  std::vector<TrendPoint> points;  // oldest first
};
struct Trend {
  std::string scenario;
  std::size_t runs = 0;
  std::size_t others = 0;  // reports of other scenarios, which are left out
  std::vector<TrendLine> lines = {};
};

// Takes the scenario of the latest report. With `wanted`, takes only expectations with this name or
// metric; an error if there is none.
rules::Result<Trend> trend_of(std::vector<ReadReport> reports, const std::string& wanted);

std::string to_text(const Trend& trend);
std::string to_markdown(const Trend& trend);
std::string to_html(const Trend& trend);

}  // namespace brownout::rehearsal
