// Draws the pictures of a report as SVG. Pure: no I/O.
#pragma once

#include <string>

#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {

// Draws phases, probes, traffic, faults and marks on one time axis.
std::string draw_time_line(const Report& report, const Series& series);

// Draws one bar for each bucket, shortest durations first.
std::string draw_histogram(const rules::LatencyHistogram& histogram);

}  // namespace brownout::rehearsal
