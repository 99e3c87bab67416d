// Lists the values of each expectation in several runs of one scenario. No I/O.
#pragma once

#include <string>
#include <vector>

#include "proxy/rehearsal/read_report.h"

namespace brownout::rehearsal {

struct TrendPoint {
  std::string started;  // start of the run: UTC, ISO 8601
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

// Uses the reports of the scenario that the latest report has. With `wanted`, takes only
// expectations with this name or metric, and returns an error if the reports have no such
// expectation.
rules::Result<Trend> trend_of(std::vector<ReadReport> reports, const std::string& wanted);

std::string to_text(const Trend& trend);
std::string to_markdown(const Trend& trend);
std::string to_html(const Trend& trend);

}  // namespace brownout::rehearsal
