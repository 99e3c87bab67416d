// Formats the tables of a report's page as HTML. No I/O.
#pragma once

#include <string>

#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {

std::string verdict_table(const Report& report);
std::string phase_table(const Report& report);
// Returns the instants that the charts mark (Mark in series.h).
std::string mark_table(const Series& series);
// Returns the number of failed operations by kind and phase; "" if no operation failed.
std::string failure_table(const Report& report);
// Returns which user lost which message when; "" if no message was lost.
std::string loss_table(const Report& report);
std::string traffic_table(const Series& series);
std::string impact_tables(const Report& report);

// Encloses a table in an element that scrolls if the table is wider than the screen.
std::string scrolling(const std::string& table, const std::string& label);

}  // namespace brownout::rehearsal
