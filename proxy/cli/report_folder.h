// Creates the folder of a rehearsal's report, and writes report.json, report.html, junit.xml and
// summary.md into it. Also prints the errors of `rehearse` and `report`.
#pragma once

#include <filesystem>
#include <string>

#include "proxy/rehearsal/report.h"

namespace brownout::cli {

// Returns the present time in UTC, such as "2026-11-29T17:32:35Z".
std::string utc_now();

// Returns the path of a new folder for a run, such as "report/2026-11-29T17-32-35Z". `started` is
// the start of the run as utc_now() returned it.
std::string folder_of_run(const std::string& reports, const std::string& started);
// Points the symbolic link "latest", beside the folder, to the folder. Returns an error text; ""
// after success.
std::string mark_latest(const std::filesystem::path& folder);

// Creates the folder and checks that files can be written there. If not, prints an error and
// returns false. Call before the rehearsal, so that its report is not lost afterwards. Returns true
// if `folder` is "" (no report).
bool check_folder(const std::string& folder);

// Writes a temporary file and renames it when complete. Returns an error text; "" after success.
std::string write_file(const std::filesystem::path& path, const std::string& text);
// Writes the four files of the report to the folder `to`. Returns an error text; "" after success.
std::string write_reports(const rehearsal::Report& report, const std::filesystem::path& to);

// Prints an error and its hint to standard error, after the name `where` unless that is "".
void complain(const std::string& where, const rules::Error& error);

}  // namespace brownout::cli
