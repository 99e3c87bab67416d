// Draws the pictures of a rehearsal's report as SVG. No I/O.
#pragma once

#include <string>

#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {

// Draws phases, probes, traffic, faults and marked instants on one time axis.
std::string draw_time_line(const Report& report, const Series& series);

// Draws the distribution of durations: one bar for each bucket, the shortest first.
std::string draw_histogram(const rules::LatencyHistogram& histogram);

}  // namespace brownout::rehearsal
