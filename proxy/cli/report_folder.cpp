#include "proxy/cli/report_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "proxy/formats/json_text.h"
#include "proxy/rehearsal/say.h"
#include "rules/base/terminal_text.h"

namespace brownout::cli {

std::string utc_now() {
  const auto now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string folder_of_run(const std::string& reports, const std::string& started) {
  auto name = started;
  // Replaces colons, since Windows shares and some shells do not accept them in names.
  std::replace(name.begin(), name.end(), ':', '-');
  const auto first = std::filesystem::path(reports) / name;
  auto folder = first;
  std::error_code ignored;
  for (int i = 2; std::filesystem::exists(folder, ignored); ++i) {
    folder = first.string() + "-" + std::to_string(i);
  }
  return folder.string();
}

std::string mark_latest(const std::filesystem::path& folder) {
  const auto link = folder.parent_path() / "latest";
  const auto fresh = folder.parent_path() / "latest.part";
  std::error_code failed;
  std::filesystem::remove(fresh, failed);
  std::filesystem::create_directory_symlink(folder.filename(), fresh, failed);
  if (!failed) std::filesystem::rename(fresh, link, failed);
  return failed ? "the link " + link.string() + " to the report cannot be made: " + failed.message()
                : std::string();
}

void complain(const std::string& where, const rules::Error& error) {
  const auto text = fmt::format("{}error: {}{}{}\n", where.empty() ? "" : where + ": ", error.what,
                                error.hint.empty() ? "" : "\n     = ", error.hint);
  rehearsal::say(stderr, "{}", rules::escaped(text, rules::LineEnds::kKept));
}

std::string write_file(const std::filesystem::path& path, const std::string& text) {
  std::error_code failed;
  // Writes directly to a device or a pipe, since a rename would replace it by a file.
  const auto kind = std::filesystem::status(path, failed).type();
  const bool in_place =
      kind != std::filesystem::file_type::not_found && kind != std::filesystem::file_type::regular;
  const auto partial = in_place ? path.string() : path.string() + ".part";
  errno = 0;
  {
    std::ofstream file(partial, std::ios::binary | std::ios::trunc);
    file << text;
    file.flush();
    if (!file) {
      const int error = errno != 0 ? errno : EIO;
      if (!in_place) std::filesystem::remove(partial, failed);
      return path.string() + " cannot be written: " + std::strerror(error);
    }
  }
  if (in_place) return {};
  std::filesystem::rename(partial, path, failed);
  if (!failed) return {};
  return path.string() + " cannot be written: " + failed.message();
}

bool check_folder(const std::string& folder) {
  if (folder.empty()) return true;
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  const auto probe = std::filesystem::path(folder) / "report.check";
  auto why = failed ? folder + " cannot be made: " + failed.message() : write_file(probe, "\n");
  std::filesystem::remove(probe, failed);
  if (why.empty()) return true;
  complain("", {rules::Origin::kConfig, std::move(why),
                "choose another folder for the report: --report, or \"\" for none"});
  return false;
}

std::string write_reports(const rehearsal::Report& report, const std::filesystem::path& to) {
  auto why =
      write_file(to / "report.json", codecs::json_text(rehearsal::to_json(report), 1) + "\n");
  if (why.empty()) why = write_file(to / "report.html", rehearsal::to_html(report));
  if (why.empty()) why = write_file(to / "junit.xml", rehearsal::to_junit(report));
  if (why.empty()) why = write_file(to / "summary.md", rehearsal::to_markdown(report));
  return why;
}

}  // namespace brownout::cli
