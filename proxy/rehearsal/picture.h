// The pictures of a report, as SVG. Pure.
#pragma once

#include <string>

#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {

// Phases, probes, traffic, faults and marks on one time axis.
std::string draw_time_line(const Report& report, const Series& series);

// A bar for each bucket, from the shortest on.
std::string draw_histogram(const rules::LatencyHistogram& histogram);

}  // namespace brownout::rehearsal
