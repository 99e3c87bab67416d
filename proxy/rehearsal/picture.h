// Draws the pictures of a report as SVG. Pure.
#pragma once

#include <string>

#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {

// Phases, probes, traffic, faults and marks on one time axis.
std::string draw_time_line(const Report& report, const Series& series);

// One bar for each bucket, shortest durations first.
std::string draw_histogram(const rules::LatencyHistogram& histogram);

}  // namespace brownout::rehearsal
