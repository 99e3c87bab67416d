// The folder of a report, with report.json, report.html, junit.xml and summary.md.
#pragma once

#include <filesystem>
#include <string>

#include "proxy/rehearsal/report.h"

namespace brownout::cli {

// Now, in UTC: "2026-11-29T17:32:35Z".
std::string utc_now();

// A new folder for a run that started then: "report/2026-11-29T17-32-35Z".
std::string folder_of_run(const std::string& reports, const std::string& started);
// Lets the link "latest" beside the folder lead to it. Returns an error text, or "".
std::string mark_latest(const std::filesystem::path& folder);

// Checked before the outage: a report that cannot be written afterwards would be lost. Prints an
// error and returns false. "": no folder.
bool check_folder(const std::string& folder);

// Writes a temporary file and renames it when complete. Returns an error text, or "".
std::string write_file(const std::filesystem::path& path, const std::string& text);
std::string write_reports(const rehearsal::Report& report, const std::filesystem::path& to);

// Prints an error, with its hint.
void complain(const std::string& where, const rules::Error& error);

}  // namespace brownout::cli
