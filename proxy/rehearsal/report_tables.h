// The tables of a report's page, as HTML. Pure.
#pragma once

#include <string>

#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {

std::string verdict_table(const Report& report);
std::string phase_table(const Report& report);
std::string mark_table(const Series& series);
// Failed operations by kind and phase; "" if there are none.
std::string failure_table(const Report& report);
// Which user lost which message when; "" if none was lost.
std::string loss_table(const Report& report);
std::string traffic_table(const Series& series);
std::string impact_tables(const Report& report);

// A table that may be wider than a phone: it scrolls by itself.
std::string scrolling(const std::string& table, const std::string& label);

}  // namespace brownout::rehearsal
